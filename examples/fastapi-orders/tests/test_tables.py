"""The tables of the tests are the declared ones."""


def test_the_tables_are_as_declared(tables, assert_in_sync):
    assert dict(tables) == {"orders": "orders", "products": "products"}
    assert_in_sync(tables)


def test_a_test_may_delete_a_table(seeded_tables, dynamodb):
    dynamodb.delete_table(TableName="products")


def test_the_next_test_has_it_again(seeded_tables, assert_items):
    assert_items("products")
