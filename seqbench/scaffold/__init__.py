"""Creates new plugins: working distributions, made from the files of the example."""

__all__ = ["create", "names", "wrap"]
