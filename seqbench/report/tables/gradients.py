"""Makes the table of gradient flow, which stands beside the scores."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from seqbench.gradients.flow import Summary
from seqbench.report.numbers import number
from seqbench.report.observations import Observation
from seqbench.report.tables.remarks import problems_of
from seqbench.report.tables.seed_summaries import beside, in_place
from seqbench.report.tables.table import ABSENT, Entry, Table, grouped

_LINES = (
    "Verdict, gain per step of the state Jacobian, gradient horizon in steps: factor by which a gradient changes",
    "with each step back in time, and how far back it keeps 1% of its norm. Over seeds: geometric mean, median.",
)
_WITHOUT_HORIZON = (
    "Verdict, gain per step of the state Jacobian: factor by which a gradient changes with each step",
    "back in time. Over seeds: geometric mean.",
)
_UNMEASURED = "not measured"
"""The text for a finished cell without gradients; its record says whether they were turned off."""

WHENS = ("init", "trained")


def gradient_table(seen: Sequence[Observation]) -> Table | None:
    """Return the gradient flow of each model of one task; None if none was measured."""
    own = [each for each in seen if each.trained == each.tested]
    if not any(each.flows for each in own):
        return None
    lengths, asked = sorted({each.tested for each in own}), len({each.seed for each in own})
    rows = []
    for (model,), group in grouped(own, lambda each: (each.model,)).items():
        for when in WHENS:
            at = {length: [each for each in group if each.tested == length] for length in lengths}
            rows.append((Entry(model), Entry(when), *(_entry(at[length], when, asked) for length in lengths)))
    columns = ("model", "when", *(f"T={length}" for length in lengths))
    has_horizon = any(flow.horizon for each in own for flow in each.flows.values())
    lines = _LINES if has_horizon else _WITHOUT_HORIZON
    title = f"{seen[0].task}: gradient flow"
    return Table(title, lines, columns, tuple(rows), keys=2, below=tuple(problems_of(own)))


def _entry(seen: Sequence[Observation], when: str, asked: int) -> Entry:
    """Return the field of one model at one length: the measurements, and the outcomes of the other seeds."""
    if not seen:
        return Entry(ABSENT)
    flows = [each.flows[when] for each in seen if when in each.flows]
    lost = Counter(_UNMEASURED if each.status == "ok" else each.status for each in seen if when not in each.flows)
    if not flows:
        return Entry(in_place(lost, asked))
    return replace(flow_entry(flows), note=beside(lost, len(flows), asked))


def flow_entry(flows: Sequence[Summary]) -> Entry:
    """Return the summary of the gradient flows of one model at one length, one for each seed.

    The verdict is that of the records. It covers all steps that the network read, which may be more than the
    task's length. If seeds differ, all verdicts are shown.
    """
    gains = [flow.ln_gain for flow in flows if flow.ln_gain is not None]
    if not gains:
        return Entry("no state" if flows else ABSENT)
    ln_gain = statistics.fmean(gains)
    verdicts = sorted({flow.verdict for flow in flows if flow.verdict is not None})
    text = f"{'/'.join(verdicts)} {number(math.exp(ln_gain))}"
    horizons = [flow.horizon for flow in flows if flow.horizon is not None]
    if horizons:
        lag = statistics.median_low(horizon.lag for horizon in horizons)
        is_censored = any(horizon.is_censored for horizon in horizons if horizon.lag <= lag)
        text += f", {'>= ' if is_censored else ''}{lag}"
    return Entry(text, math.exp(ln_gain))
