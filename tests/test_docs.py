"""What the docs show is run: the plugins of the guide and of the hooks' docstrings give a score."""

from __future__ import annotations

import inspect
import re
import textwrap
from pathlib import Path
from typing import Any

import pytest

from seqbench import Catalog, Experiment
from seqbench.cells import expand
from seqbench.experiment import Training, load
from seqbench.hookspecs import Hooks
from seqbench.training import run_cell

DOCS = Path(__file__).parents[1] / "docs"


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", (DOCS / page).read_text(), flags=re.MULTILINE | re.DOTALL)


def shown_by(hook: str) -> str:
    """Return the indented code of a hook's docstring."""
    text = inspect.cleandoc(getattr(Hooks, hook).__doc__)
    return textwrap.dedent(text[text.index("    from") :])


def module(code: str) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "shown"}
    exec(compile(code, "shown", "exec", dont_inherit=True), names)
    return names


@pytest.mark.parametrize("source", ["guide", "hooks"])
def test_plugins_that_are_shown_give_a_score(source: str) -> None:
    if source == "guide":
        model, task = blocks("plugin-guide.md", "python")
    else:
        model, task = shown_by("seqbench_models"), shown_by("seqbench_tasks")
    models = {found.name: found for found in module(model)["seqbench_models"]()}
    tasks = {found.name: found for found in module(task)["seqbench_tasks"]()}
    catalog = Catalog(tasks=tasks, models=models)
    experiment = Experiment(tasks=("first",), models=("elman",), lengths=(6,), training=Training(steps=200))
    record = run_cell(expand(experiment, catalog)[0], catalog)
    assert record.test is not None, record.reason
    assert record.test.scores["accuracy"] == 1.0


def test_experiment_that_is_shown_loads(tmp_path: Path) -> None:
    (text,) = blocks("experiments.md", "yaml")
    (tmp_path / "wide.yaml").write_text(text)
    assert load(tmp_path / "wide.yaml").evaluate_lengths == (512,)


def test_every_training_field_is_in_the_docs() -> None:
    text = (DOCS / "experiments.md").read_text()
    for name in Training.model_fields:
        assert f"| `{name}` |" in text, name
