"""Writes the page about facts of papers: claim, command, table, and whether the fact comes out.

From rows only, so that the same results give the same page.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.facts_list import NOT_SOLVED, SEEDS, SOLVED, Fact, Flow, Trained
from benchmarks.facts_rows import FlowRow, Row, SkillRow

_SEEDS = ", ".join(map(str, SEEDS))

_HEAD = f"""# Facts of papers, as checks

Each fact is a claim of a paper, and what it says of the scores or the gradients of models of seqbench. For each
model and trained length the best of the learning rates, the same for all models, was chosen by mean validation
score; no test score chose anything. Seeds: {_SEEDS}. Skill is 0 at the task's baseline and 1
for perfection. A task counts as solved at a mean test skill of at least {SOLVED}, and as not solved at one
of at most {NOT_SOLVED}. A fact comes out: yes, if every expectation is met; in part, if some are; no, if none is.
Networks are small and trainings short: that a model does not solve a task here does not show that it cannot.
"""


@dataclass(frozen=True)
class Outcome:
    """A fact and the rows that were found; none if it was not run."""

    fact: Fact
    rows: Sequence[Row]

    @property
    def expected(self) -> int:
        """How many expectations the fact has."""
        return len(self.fact.cases if isinstance(self.fact, Flow) else self.fact.expected)

    @property
    def verdict(self) -> str:
        """``yes``, ``no`` or ``in part``; while results are missing ``not finished``, without any ``not run``."""
        met = [row.is_met for row in self.rows if row.is_met is not None]
        if len(met) < self.expected:
            return "not finished" if self.rows else "not run"
        return "yes" if all(met) else "in part" if any(met) else "no"


def page(outcomes: Sequence[Outcome], folder: str) -> str:
    """Return the page in Markdown.

    Args:
        outcomes: of all facts, in the order of the page.
        folder: where the results are, for the commands.
    """
    rows = [[f"[{each.fact.name}](#{each.fact.name})", each.fact.claim, each.verdict] for each in outcomes]
    parts = [_HEAD, _table(["fact", "claim", "comes out"], rows)]
    parts += ["\n".join(_section(each, folder)) for each in outcomes]
    return "\n".join(parts)


def _section(outcome: Outcome, folder: str) -> Iterator[str]:
    fact = outcome.fact
    yield f"## {fact.name}\n"
    yield f"{fact.claim} ({fact.paper}).\n"
    yield f"```sh\npython -m benchmarks.facts --only {fact.name} --output {folder}\n```\n"
    yield from _settings(fact) if isinstance(fact, Trained) else [f"Number: {fact.number}. Untrained, on noise.\n"]
    if outcome.rows:
        yield _rows_table(outcome.rows)
    yield f"Comes out: **{outcome.verdict}**." + (f" {fact.tried}" if fact.tried else "") + "\n"


def _settings(fact: Trained) -> Iterator[str]:
    models = [f"{name} ({_pairs(of)})" if of else name for name, of in fact.models.items()]
    width = f", each with nearly {fact.weights:,} weights in its layer" if fact.weights else ""
    task = f"{fact.task} ({_pairs(fact.settings)})" if fact.settings else fact.task
    yield f"Task: {task}. Models: {', '.join(models)}{width}; other parameters at their defaults."
    yield f"Training: {_pairs(fact.training)}; learning rates {', '.join(f'{rate:g}' for rate in fact.rates)}.\n"


def _pairs(values: object) -> str:
    assert isinstance(values, dict)
    return ", ".join(f"{name}={value}" for name, value in values.items())


def _rows_table(rows: Sequence[Row]) -> str:
    skills = [row for row in rows if isinstance(row, SkillRow)]
    if skills:
        head = ["model", "weights", "trained at", "rate", "validation at each rate", "tested at"]
        head += [skills[0].metric, "skill", "each seed", "expected", "met"]
        return _table(head, [_skill_cells(row) for row in skills])
    flows = [row for row in rows if isinstance(row, FlowRow)]
    head = ["model", "steps", *(f"seed {seed}" for seed in SEEDS), "expected", "met"]
    return _table(head, [_flow_cells(row) for row in flows])


def _skill_cells(row: SkillRow) -> list[str]:
    tried = ", ".join(f"{row.validation[rate]:.3f}" for rate in sorted(row.validation))
    return [
        row.model,
        f"{row.weights:,}" if row.weights is not None else "",
        str(row.trained),
        f"{row.rate:g}",
        tried,
        str(row.tested),
        f"{statistics.fmean(row.scores):.3f}",
        f"{statistics.fmean(row.skills):.3f}",
        ", ".join(f"{skill:.3f}" for skill in row.skills),
        str(row.expected or ""),
        _met(row.is_met),
    ]


def _flow_cells(row: FlowRow) -> list[str]:
    wanted = f"{row.low}" if row.low == row.high else f"{row.low} to {row.high}"
    return [row.model, str(row.length), *(f"{value:g}" for value in row.values), wanted, _met(row.is_met)]


def _met(is_met: bool | None) -> str:
    return {None: "", True: "yes", False: "no"}[is_met]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [list(head), ["---"] * len(head), *map(list, rows)]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
