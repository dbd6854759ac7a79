"""Names the kinds of target: what is predicted from a sequence, at which steps, and with which training loss."""

from __future__ import annotations

from seqbench.contracts.kinds.classes import SequenceClass, StepClass
from seqbench.contracts.kinds.kind import NamedAnswers, TargetKind
from seqbench.contracts.kinds.labels import StepLabels
from seqbench.contracts.kinds.numbers import Forecast, StepValues
from seqbench.contracts.kinds.places import Places, endings, last_step
from seqbench.contracts.kinds.transcripts import Transcript

__all__ = [
    "Forecast",
    "NamedAnswers",
    "Places",
    "SequenceClass",
    "StepClass",
    "StepLabels",
    "StepValues",
    "TargetKind",
    "Transcript",
    "endings",
    "last_step",
]
