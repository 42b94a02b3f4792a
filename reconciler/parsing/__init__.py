"""JSON and YAML texts read exactly, with the line of every value. Used by ``declarations`` and ``seeds``. Pure."""
