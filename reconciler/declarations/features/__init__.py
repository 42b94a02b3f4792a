"""How each feature of a table is declared."""
