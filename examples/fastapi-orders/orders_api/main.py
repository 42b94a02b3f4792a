"""The routes of the shop. The client is made when this module is imported, as in a Lambda function."""

from __future__ import annotations

import os
from typing import Any

import boto3
from boto3.dynamodb.conditions import Key
from botocore.exceptions import ClientError
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, Field

dynamodb = boto3.resource("dynamodb")
products = dynamodb.Table(os.environ.get("PRODUCTS_TABLE", "products"))
orders = dynamodb.Table(os.environ.get("ORDERS_TABLE", "orders"))
app = FastAPI(title="Orders")


class Product(BaseModel):
    """What the shop sells."""

    pk: str
    price: float
    stock: int


class NewOrder(BaseModel):
    """What a customer sends."""

    number: str
    product: str
    quantity: int = Field(gt=0)


@app.get("/products/{product}")
def product(product: str) -> Product:
    """One product."""
    found = products.get_item(Key={"pk": product}).get("Item")
    if found is None:
        raise HTTPException(404, f"There is no product {product}")
    return Product(**found)


@app.post("/customers/{customer}/orders", status_code=201)
def order(customer: str, new: NewOrder) -> dict[str, Any]:
    """Take an order out of the stock and store it, both or neither."""
    item = {"pk": customer, "sk": new.number, "product": new.product, "quantity": new.quantity}
    take = {
        "TableName": products.name,
        "Key": {"pk": new.product},
        "UpdateExpression": "SET stock = stock - :quantity",
        "ConditionExpression": "stock >= :quantity",
        "ExpressionAttributeValues": {":quantity": new.quantity},
    }
    store = {"TableName": orders.name, "Item": item, "ConditionExpression": "attribute_not_exists(pk)"}
    try:
        dynamodb.meta.client.transact_write_items(TransactItems=[{"Update": take}, {"Put": store}])
    except ClientError as error:
        if error.response["Error"]["Code"] != "TransactionCanceledException":
            raise
        raise HTTPException(409, f"{new.product} is out of stock, or the order exists") from error
    return item


@app.get("/customers/{customer}/orders")
def orders_of(customer: str) -> list[dict[str, Any]]:
    """All orders of a customer, by number."""
    found: list[dict[str, Any]] = orders.query(KeyConditionExpression=Key("pk").eq(customer))["Items"]
    return found
