"""Tests that comparison, costs, environment, commands and merging agree with the records."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from torch import nn

from seqbench import Catalog, Model, load_catalog
from seqbench.cli.run import command as run_command
from seqbench.errors import StoreError
from seqbench.experiment.cells import Cell
from seqbench.experiment.overrides import settings
from seqbench.experiment.schema import Experiment, load, merge
from seqbench.gradients.flow import Flow, curve_of, summarise_flow
from seqbench.plugins.grid import expand
from seqbench.records.making import unfinished
from seqbench.records.merge import told_elsewhere
from seqbench.records.schema import Costs, FlowAt, GradientData, Record
from seqbench.records.store import Store
from seqbench.report import FORMATS, read_records, result_tables, whole_report
from seqbench.report.commands import command, commands
from seqbench.report.formats.terminal import to_text
from seqbench.report.observations import observations
from seqbench.report.tables.comparison import comparison_tables
from seqbench.report.tables.costs import cost_table
from seqbench.report.tables.environments import environment_table, environments, places
from seqbench.report.tables.gradients import WHENS, gradient_table
from tests.report.tables.test_scores import record, texts, three_seeds
from tests.toys import CATALOG


@dataclass(frozen=True)
class Named(Model):
    """A model whose parameters are hard to write on a command line."""

    name = "named"
    version = 1
    label: str = ""
    sizes: tuple[int, ...] = (1,)
    rate: float = 0.1
    is_deep: bool = False
    limit: float | None = 1.0

    def build(self, input_size: int) -> nn.Module:
        return nn.GRU(input_size, 4, batch_first=True)


NAMED = Catalog(
    tasks=CATALOG.tasks, models={**CATALOG.models, "named": Named}, suites=load_catalog("suites").suites
)


def records_of(cells: list[Cell], catalog: Catalog) -> list[Record]:
    """Return records as a sweep leaves them; which outcome they have plays no part here."""
    return [unfinished(cell, "failed", "not run here", {}) for cell in cells]


def understood(line: str, catalog: Catalog, folder: Path) -> list[Cell]:
    """Return the cells that a command line runs: a shell splits it, and click and the experiment read it."""
    script = f'seqbench() {{ for each in "$@"; do printf "%s\\0" "$each"; done; }}; {line}'
    said = subprocess.run(["bash", "-c", script], capture_output=True, cwd=folder, check=True).stdout.decode()
    verb, *arguments = said.split("\0")[:-1]
    assert verb == "run"
    given = run_command.make_context("run", arguments).params
    suite = Path(given["experiment"])
    path = folder / suite if suite.suffix else catalog.suite(str(suite))
    fields = {name: given[name] for name in ("tasks", "models", "lengths", "seeds", "evaluate_lengths")}
    overrides = merge({k: v for k, v in fields.items() if v is not None}, settings(given["assignments"]))
    return expand(load(path, overrides), catalog)


HARD = [
    "",
    "plain",
    "it's",
    "a b",
    "64",
    "null",
    "1e-3",
    "[1, 2]",
    "two\nlines",
    "a=b,c",
    '"quoted"',
    "$HOME `x` \\n",
    "模\u200b",
]


def test_command_of_a_cell_gives_its_key_again(tmp_path: Path) -> None:
    several = Experiment.model_validate(
        {
            "tasks": ["last"],
            "models": ["small", "named"],
            "lengths": [3, 5],
            "seeds": [0, 2**62],
            "evaluate_lengths": [7, 9],
            "training": {"steps": 7, "learning_rate": 1e-05, "gradient_clip": None, "schedule": "cosine"},
            "parameters": {"last": {"symbols": 5}, "small": {"hidden_size": 3}},
        }
    )
    cells = expand(several, NAMED)
    assert [understood(command(each), NAMED, tmp_path)[0].key for each in records_of(cells, NAMED)] == [
        cell.key for cell in cells
    ]


@pytest.mark.parametrize("measured", [{"measure": False}, {"every": 20, "examples": 3, "draws": 1, "lags": 5}, {}])
def test_command_of_a_cell_that_did_not_end_measures_the_same_gradients(
    measured: dict[str, Any], tmp_path: Path
) -> None:
    experiment = {"tasks": ["last"], "models": ["small"], "lengths": [3], "gradients": measured}
    cells = expand(Experiment.model_validate(experiment), NAMED)
    (told,) = records_of(cells, NAMED)
    (again,) = understood(command(Record.from_json(told.to_json(), "here")), NAMED, tmp_path)
    assert (again.key, again.gradients) == (told.key, cells[0].gradients)


@pytest.mark.parametrize("label", HARD)
def test_command_of_a_cell_with_odd_parameters_gives_its_key_again(label: str, tmp_path: Path) -> None:
    values = {"label": label, "sizes": [3, 4], "rate": 1e-7, "is_deep": True, "limit": None}
    experiment = {"tasks": ["last"], "models": ["named"], "lengths": [3], "parameters": {"named": values}}
    cells = expand(Experiment.model_validate(experiment), NAMED)
    (told,) = records_of(cells, NAMED)
    assert command(told).isprintable()
    (again,) = understood(command(told), NAMED, tmp_path)
    assert again.key == cells[0].key
    assert again.model.parameters["label"] == label


def test_commands_run_exactly_the_cells_of_the_records(tmp_path: Path) -> None:
    catalog = load_catalog()
    quick = load(catalog.suite("quick"))
    wide = load(
        catalog.suite("standard"), {"lengths": [16, 64], "seeds": [0, 1], "parameters": {"lstm": {"layers": 2}}}
    )
    cells = [*expand(quick, catalog), *expand(wide, catalog)]
    # A hole: one seed at one length is missing.
    kept = [cell for cell in cells if not (cell.task.name == "copy" and cell.length == 64 and cell.seed == 1)]
    lines = commands(records_of(kept, catalog))
    keys = [cell.key for line in lines for cell in understood(line, catalog, tmp_path)]
    assert sorted(keys) == sorted({cell.key for cell in kept})
    assert len(lines) < len(kept) / 5


def test_comparison_says_what_was_tested_and_what_was_not() -> None:
    def seeds(model: str, scores: list[float | None]) -> list[Record]:
        return [
            record(score, model=model, seed=s, status="ok" if score is not None else "diverged")
            for s, score in enumerate(scores)
        ]

    few = [*seeds("gru", [0.9] * 5), *seeds("rnn", [0.2] * 5)]
    assert [row[-2:] for row in texts(comparison_tables(observations(few))[1])] == [["-", "not tested"]]
    many = [*seeds("gru", [0.9, 0.8, 0.9, 0.7, 0.9, 0.8]), *seeds("rnn", [0.2, 0.3, None, 0.1, 0.2, 0.3])]
    ranks, pairs = comparison_tables(observations(many))
    # All six the same way: 2 / 2**6. Median between 0.6 and 0.7, both over 0.875; the diverged one is beyond.
    assert texts(pairs) == [["gru", "rnn", "6", "6", "0", "0", "+0.743", "0.031", "better"]]
    assert texts(ranks) == [["gru", "1.00 [one task]", "1", "none"], ["rnn", "2.00 [one task]", "1", "none"]]


def test_a_missing_cell_is_missing_in_ranks_and_a_failed_one_ranks_last() -> None:
    records = [
        *three_seeds(0.9, 0.9, 0.9, model="gru"),
        *three_seeds(0.5, 0.6, model="rnn"),
        record(seed=2, model="rnn", status="interrupted"),
        *three_seeds(0.95, 0.95, model="lstm"),
        record(seed=2, model="lstm", status="failed"),
    ]
    ranks = comparison_tables(observations(records))[0]
    # Of the two that ran everywhere, lstm is first twice and last once.
    assert [row[:2] + row[3:] for row in texts(ranks)] == [
        ["lstm", "1.33 [one task]", "none"],
        ["gru", "1.67 [one task]", "none"],
        ["rnn", "not ranked", "1"],
    ]


def test_costs_stand_against_length_and_unknown_ones_are_no_number() -> None:
    def with_costs(length: int, seconds: float | None, **rest: Any) -> Record:
        costs = Costs(parameters=19268, state_size=64, seconds_per_step=seconds, peak_memory_bytes=2**29)
        return record(length=length, **rest).model_copy(update={"costs": costs})

    seen = observations([with_costs(12, 0.001), with_costs(12, 0.003, seed=1), with_costs(50, None)])
    table = cost_table(seen)
    assert texts(table) == [
        ["lstm", "parameters", "19268", "19268"],
        ["lstm", "state size", "64", "64"],
        ["lstm", "ms per step", "2.00", "unknown"],
        ["lstm", "peak MiB", "512", "512"],
    ]
    assert "different environments" in cost_table(seen, environments=2).lines[-1]


def test_environments_are_told_apart_and_a_failed_cell_has_none_of_its_own() -> None:
    here = {"python": "3.11", "packages": {"torch": "2.13"}, "git_revision": None, "device": "cpu"}
    there = {**here, "packages": {"torch": "2.13+cu"}, "device": "NVIDIA H200"}
    failed = {name: value for name, value in here.items() if name != "device"}
    records = [
        record().model_copy(update={"environment": here}),
        record(seed=1, status="failed").model_copy(update={"environment": failed}),
        record(seed=2, model="gru").model_copy(update={"environment": there}),
    ]
    found = environments(records)
    assert texts(environment_table(found)) == [
        ["cells", "2", "1"],
        ["python", "3.11", "3.11"],
        ["torch", "2.13", "2.13+cu"],
        ["source revision", "not known", "not known"],
        ["device", "cpu", "NVIDIA H200"],
    ]
    assert places(found) == ["environment 1: copy lstm, T=12 seed 0, 1", "environment 2: copy gru, T=12 seed 2"]
    assert places(environments(records[:2])) == []


def test_usable_length_shows_a_wide_spread_of_seeds() -> None:
    sure, unsure = (three_seeds(*scores) for scores in ((0.75, 0.76, 0.77), (1.0, 1.0, 0.28)))
    # The mean skill is 0.73 with both, and the second might as well not hold.
    assert texts(result_tables(sure)[-1])[0][2] == ">= 12 [>= 12, >= 12]"
    assert texts(result_tables(unsure)[-1])[0][2] == ">= 12 [-, >= 12]"


def test_every_contradiction_is_named_with_both_places_whatever_the_order(tmp_path: Path) -> None:
    for each in (record(0.5), record(0.6, seed=1), record(0.7, seed=2)):
        Store(tmp_path / "a").write(each)
    for each in (record(0.5), record(0.61, seed=1), record(seed=2, status="diverged")):
        Store(tmp_path / "b").write(each)
    with pytest.raises(StoreError) as caught:
        read_records([tmp_path / "a", tmp_path / "b"])
    said = str(caught.value)
    assert "seed 0" not in said
    a, b = tmp_path / "a", tmp_path / "b"
    for part in (f"accuracy: {a} 0.6, {b} 0.61 (differs by 0.01)", f"status: {a} 'ok', {b} 'diverged'"):
        assert part in said


def test_contradiction_names_the_metric_that_differs_and_never_a_pair_of_equal_numbers(tmp_path: Path) -> None:
    first = record(0.5)
    assert first.test is not None
    first = first.model_copy(
        update={"test": first.test.model_copy(update={"scores": {**first.test.scores, "loss": 0.25}})}
    )
    assert first.test is not None
    second = first.model_copy(
        update={"test": first.test.model_copy(update={"scores": {**first.test.scores, "loss": 0.75}})}
    )
    Store(tmp_path / "a").write(first)
    Store(tmp_path / "b").write(second)
    with pytest.raises(StoreError) as caught:
        read_records([tmp_path / "a", tmp_path / "b"])
    line = str(caught.value).splitlines()[1]
    assert f"T=12.loss: {tmp_path / 'a'} 0.25, {tmp_path / 'b'} 0.75 (differs by 0.5)" in line
    assert "accuracy" not in line


def test_folders_of_two_kinds_of_processors_are_merged_with_a_note_of_both_scores(tmp_path: Path) -> None:
    facts = {"python": "3.11", "platform": "Linux-6.1-x86_64-with-glibc2.36", "packages": {"torch": "2"}}
    intel = {"vendor": "GenuineIntel", "torch": "AVX512", "onednn": "AVX512_CORE", "mkl": "AVX512"}
    amd = {"vendor": "AuthenticAMD", "torch": "AVX2", "onednn": "AVX2", "mkl": "COMPATIBLE"}
    here, there = ({**facts, "device": "cpu", "processor_class": each} for each in (intel, amd))
    same = record(0.5, seed=1).model_copy(update={"environment": there})
    Store(tmp_path / "a").write(record(0.6).model_copy(update={"environment": here, "finished": "2026-01-01"}))
    Store(tmp_path / "a").write(same.model_copy(update={"environment": here}))
    Store(tmp_path / "b").write(record(0.4).model_copy(update={"environment": there, "finished": "2026-01-02"}))
    Store(tmp_path / "b").write(same)
    for folders in (("a", "b"), ("b", "a")):
        merged = read_records([tmp_path / each for each in folders])
        (told,) = told_elsewhere(merged)
        assert "accuracy: shown 0.6, the other 0.4 (differs by 0.2)" in told
        assert f"GenuineIntel (torch AVX512, oneDNN AVX512_CORE, MKL AVX512) in {tmp_path / 'a'}, which is" in told
        assert f"AuthenticAMD (torch AVX2, oneDNN AVX2, MKL COMPATIBLE) in {tmp_path / 'b'}" in told
        text = to_text(whole_report(merged))
        assert told.split(";")[0] in text
        assert json.loads(FORMATS["json"].write(merged))["told_elsewhere"] == [told]
        assert "processor's torch" in text
    # The same processor has the same bits, whatever its kernel's version.
    kernel = {**here, "platform": "Linux-6.9-x86_64-with-glibc2.36"}
    Store(tmp_path / "c").write(record(0.61).model_copy(update={"environment": kernel}))
    with pytest.raises(StoreError, match="on GenuineIntel"):
        read_records([tmp_path / "a", tmp_path / "c"])


def test_merging_does_not_depend_on_the_order_of_the_folders(tmp_path: Path) -> None:
    for name, seconds in (("a", 1.0), ("b", 2.0)):
        told = record().model_copy(
            update={"costs": Costs(seconds_per_step=seconds), "finished": f"2026-01-0{seconds:.0f}"}
        )
        Store(tmp_path / name).write(told)
    both = [read_records([tmp_path / one, tmp_path / other]) for one, other in (("a", "b"), ("b", "a"))]
    assert both[0] == both[1]
    assert both[0][0].costs.seconds_per_step == 1.0


@pytest.mark.parametrize(
    ("redirection", "expected"),
    [(">/dev/full", "stdout cannot be written to: No space left on device"), (">&-", "stdout is closed")],
)
def test_stdout_that_cannot_be_written_to_is_one_clear_line(
    redirection: str, expected: str, tmp_path: Path
) -> None:
    Store(tmp_path).write(record())
    line = f"{shlex.quote(sys.executable)} -m seqbench report {shlex.quote(str(tmp_path))} {redirection}"
    said = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=60, check=False)
    assert said.returncode == 2
    assert expected in said.stderr
    assert len(said.stderr.splitlines()) == 1


@pytest.mark.parametrize("name", ["terminal", "json"])
def test_report_imports_neither_torch_nor_plugins_nor_pandas(name: str, tmp_path: Path) -> None:
    for each in (record(), record(model="gru"), record(seed=1)):
        Store(tmp_path).write(each)
    code = (
        f"import sys; from seqbench.cli.main import cli; cli(['report', {str(tmp_path)!r}, '--format', {name!r}],"
        " standalone_mode=False); found = [m for m in sys.modules if m.split('.')[0] in ('torch', 'pandas')"
        " or m.startswith(('seqbench_', 'scipy.stats'))]; sys.exit(' '.join(found) or 0)"
    )
    environment = {**os.environ, "COLUMNS": "120"}
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False
    )
    assert said.returncode == 0, said.stderr


def test_gradient_table_says_what_became_of_a_cell_that_has_no_gradients() -> None:
    known = curve_of("state", "all", (1, 2, 3), [[-1.0], [-2.0], [-3.0]])
    flow = Flow(12, 1, 1, (known, replace(known, quantity="jacobian")))
    told = GradientData(
        flows=tuple(FlowAt(when=when, step=0, flow=flow, summary=summarise_flow(flow)) for when in WHENS),
        norms=None,
    )
    measured = {seed: record(seed=seed).model_copy(update={"gradients": told}) for seed in (0, 1)}
    table = gradient_table(
        observations(
            [
                *measured.values(),
                record(seed=2, status="failed"),
                *(record(seed=seed, length=50, status="failed") for seed in (0, 1)),
                record(seed=2, length=50),
                *(record(seed=seed, length=99, model="gru") for seed in (0, 1, 2)),
            ]
        )
    )
    assert table is not None
    assert texts(table)[-1] == [
        "lstm",
        "trained",
        "vanishing 0.368, >= 12 (n=2, 1 failed)",
        "failed 2 of 3, not measured 1 of 3",
        "·",
    ]
    assert texts(table)[0] == ["gru", "init", "·", "·", "not measured 3 of 3"]


def test_gradient_tables_say_the_verdicts_that_stand_in_the_records() -> None:
    # The network reads more steps than the task's length where a task asks after the text, as word-order does.
    records = read_records([Path(__file__).parents[2] / "results" / "published" / "quick"])
    shown = {
        table.title.partition(":")[0]: table for table in result_tables(records) if "gradient flow" in table.title
    }
    assert len([flow for each in records if each.gradients for flow in each.gradients.flows]) == 120
    for each in records:
        assert each.gradients is not None
        for flow in each.gradients.flows:
            table = shown[each.cell.task.name]
            column = table.columns.index(f"T={each.cell.length}")
            (row,) = (r for r in table.rows if (r[0].text, r[1].text) == (each.cell.model.name, flow.when))
            assert row[column].text.split()[0] == flow.summary.verdict
