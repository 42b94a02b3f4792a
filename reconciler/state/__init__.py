"""Inventory, seed records, lease and suspension, kept in one DynamoDB table behind a port."""
