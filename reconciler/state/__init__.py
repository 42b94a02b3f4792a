"""The state table: inventory, seed records, lease and suspension, behind the engine's ``StateStore`` port."""
