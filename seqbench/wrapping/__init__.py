"""Wraps layers of any package as models: finds a class by its path, checks its arguments, and tries how it is called."""

__all__ = ["form", "layer_class", "source", "written"]
