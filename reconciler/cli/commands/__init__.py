"""One file a command, named after its verb; imported by ``app`` when it is called."""
