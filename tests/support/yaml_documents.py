"""Declarations in YAML, for tables of cases."""

DOC = """\
table_name: users
key_schema: [{attribute_name: pk, key_type: HASH}]
attribute_definitions: [{attribute_name: pk, attribute_type: S}]
"""

_TENFOLD = [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]" for level in range(1, 8)]
BOMB = "\n".join(["a0: &a0 [x, x, x, x, x, x, x, x, x, x]", *_TENFOLD, ""])
"""Eight short lines that expand to a hundred million values."""
