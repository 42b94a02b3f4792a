"""Fixtures of the tests of the plugin."""

from support.plugin_run import local_project, plugin_cache, project

__all__ = ["local_project", "plugin_cache", "project"]
