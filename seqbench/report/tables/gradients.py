"""Makes the table of gradient flow, which stands beside the scores."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from seqbench.gradients.flow import Headline, Horizon, Summary
from seqbench.report.numbers import number
from seqbench.report.observations import Observation
from seqbench.report.tables.remarks import problems_of
from seqbench.report.tables.seed_summaries import beside, in_place
from seqbench.report.tables.table import ABSENT, Entry, Table, grouped

_LINES = (
    "Verdict, gain per step of the state Jacobian, gradient horizon in steps: factor by which a gradient changes",
    "with each step back, and how far back it keeps 1% of its norm. Over seeds: geometric mean, lower median.",
)
_WITHOUT_HORIZON = (
    "Verdict, gain per step of the state Jacobian: factor by which a gradient changes with each step",
    "back in time. Over seeds: geometric mean.",
)
_AT_INPUTS = (
    "(input): nothing is measured at its state; verdict, gain and horizon are those of the input gradient.",
)
_FROM_SCORED = "Lags of the loss are counted from each sequence's last scored step (gradients.from_scored)."
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
    flows = [flow for each in own for flow in each.flows.values()]
    lines = (
        *(_LINES if any(flow.summary.horizon for flow in flows) else _WITHOUT_HORIZON),
        *(_AT_INPUTS if any(flow.at == "input" for flow in flows) else ()),
        *((_FROM_SCORED,) if any(each.from_scored for each in own) else ()),
    )
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


def flow_entry(flows: Sequence[Headline]) -> Entry:
    """Return the summary of the gradient flows of one model at one length, one for each seed.

    The verdict is that of the records. It covers all steps that the network read, which may be more than the
    task's length. If seeds differ, all verdicts are shown. What was measured at the inputs is marked.
    """
    known = [flow for flow in flows if flow.summary.verdict is not None]
    at_state = [flow.summary for flow in known if flow.at == "state"]
    at_inputs = [flow.summary for flow in known if flow.at == "input"]
    if not known:
        return Entry("null" if flows else ABSENT)
    if not at_inputs:
        return _flow_entry(at_state)
    found = _flow_entry(at_inputs)
    marked = replace(found, text=f"{found.text} (input)")
    if not at_state:
        return marked
    # Seeds that were measured in two places have no number in common.
    return Entry(f"{_flow_entry(at_state).text}; {marked.text}")


def _flow_entry(flows: Sequence[Summary]) -> Entry:
    """Return the verdict, the mean gain and the median horizon of summaries with a verdict."""
    gains = [flow.ln_gain for flow in flows if flow.ln_gain is not None]
    gain = math.exp(statistics.fmean(gains)) if gains else None
    verdicts = sorted({flow.verdict for flow in flows if flow.verdict is not None})
    text = f"{'/'.join(verdicts)} {'null' if gain is None else number(gain)}"
    horizon = median_horizon(flows)
    return Entry(text if horizon is None else f"{text}, {horizon}", gain)


def median_horizon(flows: Iterable[Summary]) -> Horizon | None:
    """Return the lower median of the horizons of several seeds; None if none is known."""
    horizons = [flow.horizon for flow in flows if flow.horizon is not None]
    if not horizons:
        return None
    lag = statistics.median_low(horizon.lag for horizon in horizons)
    return Horizon(lag, any(horizon.is_censored for horizon in horizons if horizon.lag <= lag))
