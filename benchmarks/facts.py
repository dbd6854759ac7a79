"""Runs the facts of papers that `benchmarks.facts_list` lists, and writes a page of what came out.

    python -m benchmarks.facts [--only NAME,NAME] [--output results/facts] [--jobs 2] [--list] [--dry-run]

The same command goes on where it was stopped: trained cells stand in a store of their own for each fact,
OUTPUT/NAME, and gradients beside it as JSON. The page tells of all facts that the folder has results of.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import seqbench
from benchmarks.facts_list import FACTS, SEEDS, Case, Fact, Flow, Trained
from benchmarks.facts_page import Outcome, page
from benchmarks.facts_plan import plan
from benchmarks.facts_rows import FlowRow, SkillRow, flow_rows, skill_rows
from seqbench.records.schema import Record
from seqbench.records.store import Store

RUN, LOOK = "retry-failed", "only-report"


def main() -> int:
    """Run what was asked for, and write the page."""
    asked = _read_options()
    if asked.list:
        print("\n".join(f"{fact.name:<18}{fact.claim}" for fact in FACTS))
        return 0
    if asked.dry_run:
        chosen = [fact for fact in FACTS if isinstance(fact, Trained) and fact.name in asked.only]
        print("\n".join(plan([(fact, experiment(fact, fact.rates[0])) for fact in chosen])))
        return 0
    try:
        found = list(outcomes(FACTS, asked.only, asked.output, jobs=asked.jobs))
    except seqbench.SeqbenchError as error:
        print(error, file=sys.stderr)
        return 2
    (asked.output / "README.md").write_text(page(found, asked.output.as_posix()), encoding="utf-8")
    print(f"written: {asked.output / 'README.md'}")
    return 0


def _read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", type=_names, default=[fact.name for fact in FACTS], metavar="NAME,NAME")
    parser.add_argument("--output", type=Path, default=Path("results/facts"))
    parser.add_argument("--jobs", type=int, default=2, help="cells at a time")
    parser.add_argument("--list", action="store_true", help="print the facts")
    parser.add_argument("--dry-run", action="store_true", help="estimate the time of the facts about scores")
    return parser.parse_args()


def _names(text: str) -> list[str]:
    names, known = text.split(","), [fact.name for fact in FACTS]
    for name in names:
        if name not in known:
            raise argparse.ArgumentTypeError(f"no fact is called {name!r}; there are {', '.join(known)}")
    return names


def outcomes(facts: Sequence[Fact], only: Sequence[str], folder: Path, *, jobs: int) -> Iterator[Outcome]:
    """Run the facts that were asked for, and yield what came out of all.

    Args:
        facts: all of them.
        only: names of those to run; of the others the folder is read.
        folder: of results; one below it for each fact.
        jobs: cells at a time.

    Raises:
        SeqbenchError: a fact's experiment or a folder is invalid.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for fact in facts:
        own = folder / fact.name
        is_asked = fact.name in only
        if is_asked or own.exists():
            print(f"{fact.name}: {'running' if is_asked else 'reading'} {own}", flush=True)
            yield Outcome(fact, _rows(fact, own, jobs if is_asked else None))
        else:
            yield Outcome(fact, ())


def _rows(fact: Fact, folder: Path, jobs: int | None) -> tuple[SkillRow, ...] | tuple[FlowRow, ...]:
    """Return what was measured; ``jobs`` None: of what the folder has."""
    if isinstance(fact, Flow):
        return flow_rows(fact, [_flows(case, folder, is_run=jobs is not None) for case in fact.cases])
    return skill_rows(fact, {rate: list(_records(fact, rate, folder, jobs)) for rate in fact.rates})


def _records(fact: Trained, rate: float, folder: Path, jobs: int | None) -> list[Record]:
    """Return the records of all cells with a learning rate."""
    table = seqbench.run(experiment(fact, rate), folder, jobs=jobs, on_existing=RUN if jobs is not None else LOOK)
    store = Store(folder)
    return [store.with_key(key) for key in table["key"]]


def experiment(fact: Trained, rate: float) -> seqbench.Experiment:
    """Return the cells of a fact that have one learning rate."""
    return seqbench.Experiment.model_validate(
        {
            "name": fact.name,
            "tasks": [fact.task],
            "models": list(fact.models),
            "weights": [fact.weights] if fact.weights else [],
            "lengths": list(fact.lengths),
            "seeds": list(SEEDS),
            "evaluate_lengths": list(fact.further),
            "parameters": {fact.task: dict(fact.settings)} | {name: dict(of) for name, of in fact.models.items()},
            "training": {**fact.training, "learning_rate": rate},
            "gradients": {"measure": False},
        }
    )


def _flows(case: Case, folder: Path, *, is_run: bool) -> list[str]:
    """Return the JSON of ``seqbench gradients`` for each seed, from the folder where it is there."""
    found = []
    for seed in SEEDS:
        command = gradients_command(case, seed)
        path = folder / ("_".join(command).replace("--", "") + ".json")
        if is_run and not path.exists():
            done = subprocess.run(
                [sys.executable, "-m", *command, "--json"], check=True, stdout=subprocess.PIPE, text=True
            )
            folder.mkdir(parents=True, exist_ok=True)
            path.write_text(done.stdout, encoding="utf-8")
        found += [path.read_text(encoding="utf-8")] if path.exists() else []
    return found


def gradients_command(case: Case, seed: int) -> list[str]:
    """Return the command that measures a case, behind ``python -m``."""
    settings = [f"--set={case.model}.{name}={value}" for name, value in case.settings.items()]
    return ["seqbench", "gradients", case.model, *settings, f"--length={case.length}", f"--seed={seed}"]


if __name__ == "__main__":
    raise SystemExit(main())
