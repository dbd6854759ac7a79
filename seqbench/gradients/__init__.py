"""Measures how far back in time gradients reach, and how large they are while a network trains."""

__all__ = ["backpropagation", "flow", "measure", "part_names", "passage", "training_norms"]
