"""Overlays: what an environment changes about a declaration, in a file beside it or in its own ``environments``."""
