"""Offers the public names of seqbench, which measures how well, and how far back in time, sequence models learn.

Names are loaded on first use, so that importing seqbench imports no torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seqbench.cache import cached_tensors
    from seqbench.contracts import (
        Forecast,
        InputKind,
        Model,
        SequenceClass,
        StepClass,
        TargetKind,
        Task,
        TaskData,
        Tokens,
        Values,
        data_source,
        generated_only,
    )
    from seqbench.errors import (
        ContractError,
        DataError,
        ExperimentError,
        PluginError,
        SeqbenchError,
        StoreError,
    )
    from seqbench.execution import Assignment, Executor, Finished, Job, Progressed, Retried, Started
    from seqbench.executors.work import check_assignment, run_assignment
    from seqbench.experiment import Execution, Experiment
    from seqbench.hookspecs import hookimpl
    from seqbench.plugins import Catalog, load_catalog
    from seqbench.results import load_gradients, load_results
    from seqbench.runs import run
    from seqbench.scores import Baseline, Metric, evaluate, scored_items
    from seqbench.seeds import derive_seed, generator
    from seqbench.sources import fingerprint, read_tables
    from seqbench.splits import UNSCORED, Batch, Ragged, Split

__version__ = "0.1.0"

_HOMES = {
    "cache": ("cached_tensors",),
    "contracts": (
        "Forecast",
        "InputKind",
        "Model",
        "SequenceClass",
        "StepClass",
        "TargetKind",
        "Task",
        "TaskData",
        "Tokens",
        "Values",
        "data_source",
        "generated_only",
    ),
    "errors": ("ContractError", "DataError", "ExperimentError", "PluginError", "SeqbenchError", "StoreError"),
    "execution": ("Assignment", "Executor", "Finished", "Job", "Progressed", "Retried", "Started"),
    "executors.work": ("check_assignment", "run_assignment"),
    "experiment": ("Execution", "Experiment"),
    "hookspecs": ("hookimpl",),
    "plugins": ("Catalog", "load_catalog"),
    "results": ("load_gradients", "load_results"),
    "scores": ("Baseline", "Metric", "evaluate", "scored_items"),
    "seeds": ("derive_seed", "generator"),
    "sources": ("fingerprint", "read_tables"),
    "splits": ("UNSCORED", "Batch", "Ragged", "Split"),
    "runs": ("run",),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "UNSCORED",
    "Assignment",
    "Baseline",
    "Batch",
    "Catalog",
    "ContractError",
    "DataError",
    "Execution",
    "Executor",
    "Experiment",
    "ExperimentError",
    "Finished",
    "Forecast",
    "InputKind",
    "Job",
    "Metric",
    "Model",
    "PluginError",
    "Progressed",
    "Ragged",
    "Retried",
    "SeqbenchError",
    "SequenceClass",
    "Split",
    "Started",
    "StepClass",
    "StoreError",
    "TargetKind",
    "Task",
    "TaskData",
    "Tokens",
    "Values",
    "__version__",
    "cached_tensors",
    "check_assignment",
    "data_source",
    "derive_seed",
    "evaluate",
    "fingerprint",
    "generated_only",
    "generator",
    "hookimpl",
    "load_catalog",
    "load_gradients",
    "load_results",
    "read_tables",
    "run",
    "run_assignment",
    "scored_items",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'seqbench' has no attribute {name!r}")
    return getattr(importlib.import_module(f"seqbench.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
