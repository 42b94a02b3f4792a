"""One module per command, named after its verb; imported when it is called."""
