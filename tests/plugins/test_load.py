"""Tests that a broken plugin is one clear problem that names plugin, distribution, version and hook."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from seqbench import Catalog, ExperimentError, PluginError, load_catalog

Install = Callable[..., None]

GOOD = '''
from dataclasses import dataclass
from seqbench import Model, hookimpl

@dataclass(frozen=True)
class Thing(Model):
    """A model that is never built here."""
    name = "{name}"; version = 1
    size: int = 8
    def build(self, input_size): raise RuntimeError

@hookimpl
def seqbench_models():
    yield Thing
'''


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Return a function that installs a distribution with one plugin module, as pip would lay it out."""

    def make(distribution: str, entry_point: str, code: str, version: str = "1.2") -> None:
        module = distribution.replace("-", "_")
        folder = tmp_path / distribution
        folder.mkdir()
        (folder / f"{module}.py").write_text(code)
        info = folder / f"{module}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text(f"[seqbench]\n{entry_point} = {module}\n")
        monkeypatch.syspath_prepend(str(folder))
        monkeypatch.delitem(sys.modules, module, raising=False)

    return make


def only_problem(catalog: Catalog) -> str:
    assert len(catalog.problems) == 1, catalog.problems
    return str(catalog.problems[0])


def test_bundled_plugins_are_all_found_without_problems() -> None:
    catalog = load_catalog()
    assert catalog.problems == ()
    assert {"copy", "word-order", "sentiment", "forecasting"} <= set(catalog.tasks)
    assert {"rnn", "lstm", "gru"} <= set(catalog.models)
    assert {"smoke", "quick", "standard", "long", "diagnostics", "language", "sound"} <= set(catalog.suites)


def test_stranger_when_sound_is_found_with_its_origin(install: Install) -> None:
    install("seqbench-thing", "thing", GOOD.format(name="thing"))
    catalog = load_catalog("thing")
    assert list(catalog.models) == ["thing"]
    assert str(catalog.origins["model", "thing"]) == "plugin 'thing' (seqbench-thing 1.2)"


def test_place_of_an_error_is_the_plugins_own_where_the_backport_of_importlib_metadata_loads_it(
    install: Install,
) -> None:
    pytest.importorskip("importlib_metadata")
    install("seqbench-broken", "broken", "raise SystemExit('no thanks')")
    assert "no thanks (seqbench_broken.py, line 1)" in only_problem(load_catalog("broken,copy"))


@pytest.mark.parametrize(
    ("code", "hook", "words"),
    [
        ("raise SystemExit('no thanks')", None, "SystemExit: no thanks (seqbench_broken.py, line 1)"),
        ("from seqbench import hookimpl\n@hookimpl\ndef seqbench_tasks(config): yield 1", None, "config"),
        ("import no_such_module_anywhere", None, "No module named 'no_such_module_anywhere'"),
        (
            "from seqbench import hookimpl\n@hookimpl\ndef seqbench_modles(): yield 1",
            "seqbench_modles",
            "did you mean 'seqbench_models'",
        ),
        (GOOD.replace("(Model)", ""), "seqbench_models", "not a seqbench.Model"),
        (GOOD.replace("yield Thing", "yield Thing()"), "seqbench_models", "yield the class"),
        (GOOD.replace("yield Thing", "return Thing"), "seqbench_models", "is to yield objects"),
        (GOOD.replace("def build", "def built"), "seqbench_models", "the member build is missing"),
        (GOOD.replace("version = 1", "revision = 1"), "seqbench_models", "version is to be an integer"),
        (GOOD.replace("(frozen=True)", ""), "seqbench_models", "frozen dataclass"),
        (GOOD.replace('"{name}"', '"Not Kebab"'), "seqbench_models", "lower-case words"),
        (GOOD.replace("int = 8", "'Nonsense' = 8"), "seqbench_models", "its parameters cannot be read"),
        (GOOD.replace("int = 8", "int = 'big'"), "seqbench_models", "the default 'big' of 'size' does not fit"),
        (GOOD.replace("int = 8", "object = object()"), "seqbench_models", "not JSON serializable"),
        (
            "from seqbench import hookimpl\n@hookimpl\ndef seqbench_targets(): yield 1.3",
            "seqbench_targets",
            "yield objects of seqbench.Target, and it yielded 1.3",
        ),
        (GOOD.replace("yield Thing", "yield Thing; raise OSError('disk')"), "seqbench_models", "OSError: disk ("),
    ],
)
def test_broken_plugin_is_named_and_the_rest_still_works(
    install: Install, code: str, hook: str | None, words: str
) -> None:
    install("seqbench-broken", "broken", code.replace("{name}", "thing"))
    catalog = load_catalog("broken,copy")
    problem = only_problem(catalog)
    assert "plugin 'broken' (seqbench-broken 1.2)" in problem
    assert words in problem
    assert catalog.problems[0].hook == hook
    assert "copy" in catalog.tasks


def test_name_claimed_by_two_distributions_names_both_and_uses_neither(install: Install) -> None:
    install("seqbench-one", "one", GOOD.format(name="same"))
    install("seqbench-two", "two", GOOD.format(name="same"))
    catalog = load_catalog("one,two")
    problem = only_problem(catalog)
    assert "seqbench-one 1.2" in problem
    assert "seqbench-two 1.2" in problem
    with pytest.raises(ExperimentError, match="claimed twice"):
        catalog.model("same")


def test_entry_point_claimed_by_two_distributions_names_both(install: Install) -> None:
    install("seqbench-one", "same", GOOD.format(name="a"))
    install("seqbench-two", "same", GOOD.format(name="b"))
    problem = only_problem(load_catalog("same"))
    assert "seqbench-one 1.2" in problem
    assert "seqbench-two 1.2" in problem


def test_limit_off_loads_nothing_and_a_wrong_name_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEQBENCH_PLUGINS", "off")
    assert load_catalog() == Catalog()
    monkeypatch.setenv("SEQBENCH_PLUGINS", "copi")
    with pytest.raises(PluginError, match="did you mean 'copy'"):
        load_catalog()


def test_unknown_task_names_the_nearest_one() -> None:
    with pytest.raises(ExperimentError, match="no task is called 'cpoy'; did you mean 'copy'"):
        load_catalog().task("cpoy")


def test_one_file_for_a_list_and_a_file_for_a_name_are_told() -> None:
    with pytest.raises(PluginError, match=r"plugin files are a list: write \['mine.py'\]"):
        load_catalog(files="mine.py")
    with pytest.raises(ExperimentError, match=r"no model is called 'mine.py': load that file as a plugin"):
        load_catalog().model("mine.py")
    with pytest.raises(ExperimentError, match="file of your own is known once the file is loaded as a plugin"):
        load_catalog().task("mine")
