"""The daemon: its loop, file watching, reader priority and garbage collection. ``daemon`` puts them together.

The only place that imports apscheduler and watchfiles. Nothing is imported here, because one-shot commands do not need it.
"""
