"""Class files: Python modules loaded under private names, their classes asked for name, schema and seed."""
