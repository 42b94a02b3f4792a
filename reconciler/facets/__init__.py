"""One file per feature of a table, one interface; FACETS states their order. Pure."""
