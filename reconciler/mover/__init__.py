"""Long work on the items of tables: replacing a table with its items, and changing items in place."""
