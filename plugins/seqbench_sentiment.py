"""A plugin that is being written."""
