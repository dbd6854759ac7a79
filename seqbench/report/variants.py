"""The names of tasks and models in tables, which `seqbench.variants` gives, for the parts of a report."""

from __future__ import annotations

from seqbench.variants import legend, model_names, natural, task_names

__all__ = ["legend", "model_names", "natural", "task_names"]
