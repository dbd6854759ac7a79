"""Tests what a notebook shows of a sweep: counts, running cells, the last score, and at the end no times."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from seqbench import Catalog, Experiment
from seqbench.experiment.schema import Training
from seqbench.jobs.events import Event, Finished, Progressed, Started
from seqbench.records.store import Store
from seqbench.running.plan import Plan, plan
from seqbench.running.progress.notebook import NotebookBar
from seqbench.running.progress.tally import Tally
from tests.report.tables.test_scores import record
from tests.toys import Gru, Last


@pytest.fixture
def todo(tmp_path: Path) -> Plan:
    experiment = Experiment(
        tasks=("last",), models=("small",), lengths=(6, 8), seeds=(0, 1), training=Training(steps=50)
    )
    return plan(experiment, Catalog(tasks={"last": Last}, models={"small": Gru}), Store(tmp_path / "out"))


def events_of(todo: Plan) -> list[Event]:
    """Return what happens until one cell has ended, one runs, and one loads."""
    one, two, three, _ = todo.pending
    ended = record(0.9, model="<b>small</b>").model_copy(update={"key": one.key})
    progressed = Progressed(two, step=10, loss=0.25, steps_per_second=100.0)
    return [Started(one), Started(two), Finished(one, ended), progressed, Started(three)]


def test_lines_tell_cells_done_of_all_those_that_run_and_the_last_score(todo: Plan) -> None:
    bar = NotebookBar(Tally(todo))
    for event in events_of(todo):
        bar.see(event)
    first, *lines = bar.bundle()["text/plain"].splitlines()
    assert first.startswith("1 of 4 cells: 1 ok")
    assert any(line.endswith(": step 10/50, loss 0.25") for line in lines)
    assert any(line.endswith(": loading") for line in lines)
    assert any(
        line.startswith("last: last small T=6") and "accuracy 0.900 (baseline 0.125)" in line for line in lines
    )


def test_html_is_escaped_and_the_end_has_no_times(todo: Plan) -> None:
    bar = NotebookBar(Tally(todo))
    for event in events_of(todo):
        bar.see(event)
    html = bar.bundle()["text/html"]
    assert "<b>" not in html
    assert "&lt;b&gt;small&lt;/b&gt; is usable" in html
    assert '<progress value="0.' in html
    end = bar.bundle(is_running=False)
    assert end == {"text/plain": "1 of 4 cells: 1 ok", "text/html": "<div>1 of 4 cells: 1 ok</div>"}


def test_output_changes_in_place_and_not_for_every_event(todo: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    display = pytest.importorskip("IPython.display", reason="IPython is not installed: pip install ipykernel")
    shown: list[Any] = []
    handle = SimpleNamespace(update=lambda bundle, raw: shown.append(bundle["text/plain"]))

    def displayed(bundle: dict[str, str], *, raw: bool, display_id: bool) -> Any:
        shown.append(bundle["text/plain"])
        return handle

    monkeypatch.setattr(display, "display", displayed)
    with NotebookBar(Tally(todo)) as bar:
        for event in events_of(todo) * 20:
            bar.see(event) if isinstance(event, Finished) else bar(event)
    assert shown[0] == "0 of 4 cells"
    assert "loading" not in shown[-1]
    assert len(shown) < 20
