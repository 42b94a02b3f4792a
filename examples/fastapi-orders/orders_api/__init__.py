"""A small shop: customers order products that are in stock."""
