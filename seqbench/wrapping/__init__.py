"""Wraps layers of any package as models: checks the arguments of a class, and tries how its layers are called."""

__all__ = ["form", "layer_class", "signatures"]
