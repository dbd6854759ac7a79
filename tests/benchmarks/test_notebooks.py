"""Tests that the notebooks of the docs run, and that what is stored of them is whole and tells of no machine."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks.notebooks import FOLDER, executed, machine_paths

NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def outputs_of(notebook: Any) -> list[Any]:
    return [output for cell in notebook["cells"] for output in cell.get("outputs", [])]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_stored_notebook_has_outputs_without_errors_and_paths(path: Path) -> None:
    stored = json.loads(path.read_text())
    code = [cell for cell in stored["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    assert all(output["output_type"] != "error" for output in outputs_of(stored))
    assert not any(output.get("name") == "stderr" for output in outputs_of(stored))
    assert machine_paths(SimpleNamespace(cells=stored["cells"])) == []
    assert path.stat().st_size < 200_000
    assert any("seqbench.Results(" in "".join(cell["source"]) for cell in code)


def test_page_links_every_notebook() -> None:
    linked = re.findall(r"\(notebooks/([\w-]+)\.ipynb\)", (FOLDER.parent / "python.md").read_text())
    assert sorted(linked) == [path.stem for path in NOTEBOOKS]


@pytest.mark.parametrize("text", ["/tmp/x", "see '/root/a'", "at (/home/me/b)"])
def test_path_of_this_machine_is_found_in_an_output(text: str) -> None:
    output = {"output_type": "display_data", "data": {"text/plain": f"a\n{text}"}}
    assert len(machine_paths(SimpleNamespace(cells=[{"outputs": [output]}]))) == 1
    clean = {"output_type": "stream", "text": "wrote results/quick, and/or 1/2"}
    assert machine_paths(SimpleNamespace(cells=[{"outputs": [clean]}, {}])) == []


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs_and_has_as_many_outputs_as_are_stored(path: Path) -> None:
    for needed in ("nbclient", "nbformat", "ipykernel"):
        pytest.importorskip(needed, reason=f"{needed} is not installed: pip install 'seqbench[test]'")
    made, stored = executed(path), json.loads(path.read_text())
    kinds = [[each["output_type"] for each in outputs_of(notebook)] for notebook in (made, stored)]
    assert kinds[0] == kinds[1]
    assert machine_paths(made) == []
