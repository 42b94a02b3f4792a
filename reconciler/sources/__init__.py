"""Declarations and seeds read from files into the model."""
