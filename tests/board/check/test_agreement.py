"""Tests which numbers of two records of one cell must agree, on one kind of machine and on two.

Modules: seqbench.board.check.closeness, seqbench.board.check.record_parts.
"""

from __future__ import annotations

import dataclasses

from seqbench import Catalog
from seqbench.board.check.agreement import agreement
from seqbench.records.schema import Record, WeightsData
from tests.board.claims import AMD, moved, submission


def test_same_kind_must_give_the_same_bits_and_another_one_leaves_trained_scores_open(
    tiny_bundle: bytes, tiny_offers: Catalog
) -> None:
    first = moved(submission(tiny_bundle, tiny_offers).records[0], 0.5)
    assert agreement(first, first).text == "same bits"
    kept = first.model_copy(update={"weights": WeightsData(sha256="0" * 64, bytes=9)})
    assert agreement(kept, first).text == "same bits"
    assert agreement(first, moved(first, 0.5 + 1e-12)).outcome == "differs"
    # The kernel's version and the processor's name move no bits.
    kernel = str(first.environment["platform"]).replace("Linux-", "Linux-7.0-", 1)
    assert agreement(first, moved(first, 0.5 + 1e-12, platform=kernel)).outcome == "differs"
    assert agreement(first, moved(first, 0.5, **AMD)).outcome == "confirmed"
    told = agreement(first, moved(first, 0.9, **AMD))
    assert told.outcome == "not comparable"
    assert "not comparable on this processor: processor " in told.text
    assert "AuthenticAMD (torch AVX2, oneDNN AVX2, MKL COMPATIBLE)" in told.text
    assert "accuracy: claimed 0.625, here 0.925 (differs by 0.3)" in told.text
    # Records of earlier versions have no class: it is unknown whether their bits must be equal.
    without = {name: value for name, value in first.environment.items() if name != "processor_class"}
    early = first.model_copy(update={"environment": without})
    assert agreement(early, moved(first, 0.9)).outcome == "not comparable"
    assert agreement(early, first).outcome == "confirmed"
    assert agreement(first, first.model_copy(update={"status": "diverged"})).outcome == "differs"


def test_other_processor_is_held_to_data_metric_baselines_and_untrained_gradients(
    tiny_bundle: bytes, tiny_offers: Catalog
) -> None:
    first = submission(tiny_bundle, tiny_offers).records[0]
    there = moved(first, 0.9, **AMD)
    assert there.test is not None
    test, gradients = there.test, there.gradients
    assert gradients is not None

    def guess(score: float) -> Record:
        baseline = test.baselines[0].model_copy(update={"scores": {"accuracy": score}})
        return there.model_copy(update={"test": test.model_copy(update={"baselines": (baseline,)})})

    def gain(factor: float) -> Record:
        was = gradients.flows[0].summary
        summary = dataclasses.replace(was, gain_per_step=(was.gain_per_step or 0.0) * factor)
        flows = (gradients.flows[0].model_copy(update={"summary": summary}), *gradients.flows[1:])
        return there.model_copy(update={"gradients": gradients.model_copy(update={"flows": flows})})

    # Of 64 examples two are worth more than a hundredth of the way from worst to best, which is the most.
    spans = {"accuracy": 1.0}
    assert agreement(first, guess(0.25 + 1e-13)).outcome == "not comparable"
    assert agreement(first, guess(0.2502)).outcome == "not comparable"
    assert agreement(first, guess(0.259)).outcome == "differs"
    assert agreement(first, guess(0.259), spans).outcome == "not comparable"
    assert agreement(first, guess(0.261), spans).outcome == "differs"
    assert agreement(first, gain(1 + 1e-12)).outcome == "not comparable"
    assert agreement(first, gain(1 + 1e-6)).outcome == "differs"
    assert agreement(first, there.model_copy(update={"data_fingerprint": "0" * 32})).outcome == "differs"
