"""The daemon: its loop, file watching, reader priority and garbage collection. ``daemon.daemon`` combines them.

The only package that imports apscheduler and watchfiles. Its modules are imported by name, because one-shot commands
need none of them.
"""
