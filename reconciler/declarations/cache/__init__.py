"""The results of checking declarations, kept for the next load and for the next command.

``file_cache.FileCache`` is the entry point. It keeps each result for as long as the bytes of its file do not change:
in memory, and in ``stored_results`` between commands. The files themselves are read in every load, so that a cached
result never declares a table whose file is gone.
"""
