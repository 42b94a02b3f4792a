"""The pytest plugin: tables in a test, as declared. The modules are imported by use; ``plugin`` is the entry point."""
