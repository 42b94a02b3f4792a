"""The table ``products``: what the shop sells, and how much of it is left."""

from typing import Any, ClassVar


class ProductsTableConfig:
    """One item a product."""

    TABLE_NAME = "products"

    SCHEMA: ClassVar[dict[str, Any]] = {
        "table_name": TABLE_NAME,
        "key_schema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "attribute_definitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "billing_mode": "PAY_PER_REQUEST",
    }

    @classmethod
    def get_table_name(cls, environment: str | None = None) -> str:
        """The name, with the environment where one is given."""
        return f"{cls.TABLE_NAME}-{environment}" if environment else cls.TABLE_NAME

    @classmethod
    def get_schema(cls, environment: str | None = None) -> dict[str, Any]:
        """The parameters of CreateTable."""
        return {**cls.SCHEMA, "table_name": cls.get_table_name(environment)}
