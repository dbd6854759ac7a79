"""Offers the public names of seqbench, which measures how well, and how far back in time, sequence models learn.

Names are loaded on first use, so that importing seqbench does not import torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seqbench.base.seeds import derive_seed, generator
    from seqbench.contracts.decoding import Decoding
    from seqbench.contracts.examples import UNSCORED, Batch, Ragged, Split
    from seqbench.contracts.fields import added_later, data_source, generated_only, names_code
    from seqbench.contracts.inputs import InputKind, Tokens, Values
    from seqbench.contracts.metrics import Baseline, Metric, evaluate, scored_items
    from seqbench.contracts.model import Model, ParameterGroup
    from seqbench.contracts.published import (
        AtLeast,
        AtMost,
        BaselineScore,
        Computed,
        DataNeeded,
        Near,
        NotComparable,
        PublishedIn,
        Target,
        TrainedScore,
    )
    from seqbench.contracts.score_curves import CurvePoint
    from seqbench.contracts.stacking import Norm, stacked_parts
    from seqbench.contracts.targets import (
        Forecast,
        Places,
        SequenceClass,
        StepClass,
        StepLabels,
        StepValues,
        TargetKind,
        Transcript,
        endings,
        last_step,
    )
    from seqbench.contracts.task import Task, TaskData
    from seqbench.contracts.unfit import Unfit
    from seqbench.data.cache import cached_tensors
    from seqbench.data.row_places import place_of_row
    from seqbench.data.sources import fingerprint, read_tables
    from seqbench.decoding.sampling import Sampling
    from seqbench.errors import (
        ContractError,
        DataError,
        ExperimentError,
        PluginError,
        SeqbenchError,
        StoreError,
    )
    from seqbench.executors.work import check_assignment, run_assignment
    from seqbench.experiment.schema import Execution, Experiment
    from seqbench.jobs.assignment import Assignment
    from seqbench.jobs.events import Finished, Progressed, Retried, Started
    from seqbench.jobs.executor import Executor, Job
    from seqbench.network.stack import Stack
    from seqbench.plugins.catalog import Catalog
    from seqbench.plugins.hooks import hookimpl
    from seqbench.plugins.load import load_catalog
    from seqbench.records.load import load_gradients, load_results
    from seqbench.report.compare import compare
    from seqbench.report.plots.plot import plot
    from seqbench.report.results import Results
    from seqbench.report.write import write_report
    from seqbench.running.run import run
    from seqbench.training.load_network import load_network, load_trained
    from seqbench.tuning.tune import tune
    from seqbench.wrapping.layer_class import LayerClass

__version__ = "0.2.0"

_HOMES = {
    "base.seeds": (
        "derive_seed",
        "generator",
    ),
    "contracts.decoding": ("Decoding",),
    "contracts.examples": (
        "UNSCORED",
        "Batch",
        "Ragged",
        "Split",
    ),
    "contracts.fields": (
        "added_later",
        "data_source",
        "generated_only",
        "names_code",
    ),
    "contracts.inputs": (
        "InputKind",
        "Tokens",
        "Values",
    ),
    "contracts.metrics": (
        "Baseline",
        "Metric",
        "evaluate",
        "scored_items",
    ),
    "contracts.model": (
        "Model",
        "ParameterGroup",
    ),
    "contracts.published": (
        "AtLeast",
        "AtMost",
        "BaselineScore",
        "Computed",
        "DataNeeded",
        "Near",
        "NotComparable",
        "PublishedIn",
        "Target",
        "TrainedScore",
    ),
    "contracts.score_curves": ("CurvePoint",),
    "contracts.stacking": (
        "Norm",
        "stacked_parts",
    ),
    "contracts.targets": (
        "Forecast",
        "Places",
        "SequenceClass",
        "StepClass",
        "StepLabels",
        "StepValues",
        "TargetKind",
        "Transcript",
        "endings",
        "last_step",
    ),
    "contracts.task": (
        "Task",
        "TaskData",
    ),
    "contracts.unfit": ("Unfit",),
    "data.cache": ("cached_tensors",),
    "data.row_places": ("place_of_row",),
    "data.sources": (
        "fingerprint",
        "read_tables",
    ),
    "decoding.sampling": ("Sampling",),
    "errors": (
        "ContractError",
        "DataError",
        "ExperimentError",
        "PluginError",
        "SeqbenchError",
        "StoreError",
    ),
    "executors.work": (
        "check_assignment",
        "run_assignment",
    ),
    "experiment.schema": (
        "Execution",
        "Experiment",
    ),
    "jobs.assignment": ("Assignment",),
    "jobs.events": (
        "Finished",
        "Progressed",
        "Retried",
        "Started",
    ),
    "jobs.executor": (
        "Executor",
        "Job",
    ),
    "network.stack": ("Stack",),
    "plugins.catalog": ("Catalog",),
    "plugins.hooks": ("hookimpl",),
    "plugins.load": ("load_catalog",),
    "records.load": (
        "load_gradients",
        "load_results",
    ),
    "report.compare": ("compare",),
    "report.plots.plot": ("plot",),
    "report.results": ("Results",),
    "report.write": ("write_report",),
    "running.run": ("run",),
    "training.load_network": (
        "load_network",
        "load_trained",
    ),
    "tuning.tune": ("tune",),
    "wrapping.layer_class": ("LayerClass",),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "UNSCORED",
    "Assignment",
    "AtLeast",
    "AtMost",
    "Baseline",
    "BaselineScore",
    "Batch",
    "Catalog",
    "Computed",
    "ContractError",
    "CurvePoint",
    "DataError",
    "DataNeeded",
    "Decoding",
    "Execution",
    "Executor",
    "Experiment",
    "ExperimentError",
    "Finished",
    "Forecast",
    "InputKind",
    "Job",
    "LayerClass",
    "Metric",
    "Model",
    "Near",
    "Norm",
    "NotComparable",
    "ParameterGroup",
    "Places",
    "PluginError",
    "Progressed",
    "PublishedIn",
    "Ragged",
    "Results",
    "Retried",
    "Sampling",
    "SeqbenchError",
    "SequenceClass",
    "Split",
    "Stack",
    "Started",
    "StepClass",
    "StepLabels",
    "StepValues",
    "StoreError",
    "Target",
    "TargetKind",
    "Task",
    "TaskData",
    "Tokens",
    "TrainedScore",
    "Transcript",
    "Unfit",
    "Values",
    "__version__",
    "added_later",
    "cached_tensors",
    "check_assignment",
    "compare",
    "data_source",
    "derive_seed",
    "endings",
    "evaluate",
    "fingerprint",
    "generated_only",
    "generator",
    "hookimpl",
    "last_step",
    "load_catalog",
    "load_gradients",
    "load_network",
    "load_results",
    "load_trained",
    "names_code",
    "place_of_row",
    "plot",
    "read_tables",
    "run",
    "run_assignment",
    "scored_items",
    "stacked_parts",
    "tune",
    "write_report",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'seqbench' has no attribute {name!r}")
    return getattr(importlib.import_module(f"seqbench.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
