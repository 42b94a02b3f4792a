"""Pieces of class files, and the class file of the documentation word for word."""

from pathlib import Path

HEAD = "class UsersTable:\n"
BASE_NAME = '    TABLE_NAME = "users"\n'
SCHEMA = """    SCHEMA = {
        "table_name": "users",
        "key_schema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "attribute_definitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    }
"""
GET_SCHEMA = """    @classmethod
    def get_schema(cls, environment=None):
        return dict(cls.SCHEMA)
"""
GET_TABLE_NAME = """    @classmethod
    def get_table_name(cls, environment=None):
"""

SEED = """    @classmethod
    def seed(cls, environment=None):
"""

DOCUMENTED = (Path(__file__).parent / "documented" / "new_table.py.txt").read_text(encoding="utf-8")
"""The file printed under "Create Table Configuration File", word for word."""
