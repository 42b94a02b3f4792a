"""Reads the tables of ``terraform show -json``, of a plan or of the state."""
