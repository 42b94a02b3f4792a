"""The daemon: its loop, file watching and reader priority. ``daemon.daemon`` combines them.

The only package that imports apscheduler and watchfiles. Its modules are imported by name, because one-shot commands
need none of them.
"""
