"""The words of the tool as frozen types; no I/O. Everything above imports it, it imports nothing."""
