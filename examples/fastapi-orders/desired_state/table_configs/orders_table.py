"""The table ``orders``: the orders of each customer, found by product too."""

from typing import Any, ClassVar


class OrdersTableConfig:
    """One item an order."""

    TABLE_NAME = "orders"

    SCHEMA: ClassVar[dict[str, Any]] = {
        "table_name": TABLE_NAME,
        "key_schema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        "attribute_definitions": [
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
            {"AttributeName": "product", "AttributeType": "S"},
        ],
        "billing_mode": "PAY_PER_REQUEST",
        "global_secondary_indexes": [
            {
                "IndexName": "by_product",
                "KeySchema": [{"AttributeName": "product", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    }

    @classmethod
    def get_table_name(cls, environment: str | None = None) -> str:
        """The name, with the environment where one is given."""
        return f"{cls.TABLE_NAME}-{environment}" if environment else cls.TABLE_NAME

    @classmethod
    def get_schema(cls, environment: str | None = None) -> dict[str, Any]:
        """The parameters of CreateTable."""
        return {**cls.SCHEMA, "table_name": cls.get_table_name(environment)}
