"""Long work on the items of tables: replacing a table with its items, item migrations, and what both use."""
