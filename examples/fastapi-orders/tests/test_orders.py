"""Ordering, against the products of the seed."""

import pytest
from fastapi.testclient import TestClient
from orders_api.main import app

client = TestClient(app)
PENS = {"number": "1", "product": "pen", "quantity": 2}


def test_a_product_of_the_seed_is_for_sale(seeded_tables):
    assert client.get("/products/pen").json() == {"pk": "pen", "price": 1.5, "stock": 3}


def test_an_order_takes_from_the_stock(seeded_tables, assert_items):
    assert client.post("/customers/ada/orders", json=PENS).status_code == 201
    assert_items("orders", [{"pk": "ada", "sk": "1", "product": "pen", "quantity": 2}])
    assert_items("products", [{"pk": "pen", "price": 1.5, "stock": 1}], subset=True)


def test_what_is_out_of_stock_is_not_ordered(seeded_tables, assert_items):
    assert client.post("/customers/ada/orders", json={**PENS, "quantity": 4}).status_code == 409
    assert_items("orders", [])
    assert_items("products")


@pytest.mark.parametrize("customer", ["ada", "bob"])
def test_the_same_order_is_taken_once(seeded_tables, dynamodb_snapshot, dynamodb_restore, assert_items, customer):
    before = dynamodb_snapshot()
    assert client.post(f"/customers/{customer}/orders", json={**PENS, "quantity": 1}).status_code == 201
    assert client.post(f"/customers/{customer}/orders", json={**PENS, "quantity": 1}).status_code == 409
    assert [order["sk"] for order in client.get(f"/customers/{customer}/orders").json()] == ["1"]
    dynamodb_restore(before)
    assert_items("orders", [])


def test_nothing_can_be_ordered_from_an_empty_shop(tables):
    assert client.get("/products/pen").status_code == 404
    assert client.post("/customers/ada/orders", json=PENS).status_code == 409
