"""The tables that the bundled application declares: plain Python that needs nothing but the standard library.

``reconciler`` reads this folder as data (``--desired-state``); the application imports ``desired_state.tables``.
"""
