"""Passes and commands, written against ports: no SDK, no clock and no thread in here."""
