"""The frozen types that all packages share. No I/O; it imports no other package."""
