"""Gives records of bundles with other scores, as if from other machines."""

from __future__ import annotations

from typing import Any

from seqbench import Catalog
from seqbench.board.check.check import Submission, check_bundle
from seqbench.records.schema import Record


def submission(content: bytes, offers: Catalog) -> Submission:
    found = check_bundle(content, offers).submission
    assert found is not None
    return found


AMD = {"processor_class": {"vendor": "AuthenticAMD", "torch": "AVX2", "onednn": "AVX2", "mkl": "COMPATIBLE"}}


def moved(record: Record, skill: float, **facts: Any) -> Record:
    """Return a record whose score is another, with the skill that follows from it, on another machine."""
    assert record.test is not None
    scores = {**record.test.scores, "accuracy": 0.25 + 0.75 * skill}
    test = record.test.model_copy(update={"scores": scores, "skill": skill})
    return record.model_copy(update={"test": test, "environment": {**record.environment, **facts}})
