"""One file a command, and the exit codes."""
