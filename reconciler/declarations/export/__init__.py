"""Writes declarations in the formats of other tools. Each module has one format; ``read_back`` finds what one loses."""
