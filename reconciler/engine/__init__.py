"""The pass, told through ports; no SDK, no clock, no thread of its own."""
