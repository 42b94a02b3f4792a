"""Reads seeds, from files, exports to S3 or ``seed(environment)``, into items, and checks them against the keys.

``read_seed.read_seed_file`` is the entry point. One module for each format reads the items as written, with their
lines. ``convert`` distinguishes plain items from DynamoDB JSON, ``plain_values`` and ``typed_values`` build attribute
values, and ``item_rules`` checks each item.
"""
