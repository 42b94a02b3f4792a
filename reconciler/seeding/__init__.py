"""Which items are wanted, which are ours, what to write next. Pure."""
