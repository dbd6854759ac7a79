"""Tests that `seqbench plugin new --from` writes a plugin around a layer, which computes what the layer does.

Modules: seqbench.scaffold.wrap, seqbench.scaffold.wrapped_layer, seqbench.scaffold.wrapper.
"""

from __future__ import annotations

import dataclasses
import importlib
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from seqbench import LayerClass, load_catalog
from seqbench.cli.main import run_line
from seqbench.scaffold.wrap import Wrap, wrap
from seqbench.scaffold.wrapper import wrapper, wrapper_files

HERE = "tests.wrapping.layers"


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    """Forget the modules that were written."""
    yield
    for name in [name for name in sys.modules if name.startswith("seqbench_new")]:
        del sys.modules[name]


def written(path: str, folder: Path, **arguments: Any) -> Path:
    """Write a plugin without its checks, and return its folder."""
    for file, text in wrapper_files("new-layer", wrapper(path, arguments), {}).items():
        (folder / file).parent.mkdir(exist_ok=True)
        (folder / file).write_text(text)
    return folder


@pytest.mark.parametrize(
    ("path", "arguments"),
    [
        (f"{HERE}:TimeFirst", {"units": 5}),
        (f"{HERE}:ChannelsFirst", {}),
        (f"{HERE}:Flagged", {}),
        (f"{HERE}:Configured", {"config": {"depth": 2}}),
        (f"{HERE}:Heads", {"dim": 12}),
        ("torch.nn:LSTM", {"hidden_size": 5, "num_layers": 2}),
    ],
)
def test_layer_that_is_written_computes_what_the_wrapped_one_does(
    path: str, arguments: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(written(path, tmp_path, **arguments)))
    (model,) = importlib.import_module("seqbench_new_layer").seqbench_models()
    torch.manual_seed(0)
    layer = model().build(8)
    torch.manual_seed(0)
    expected = LayerClass(path, arguments).build(8)
    inputs = torch.randn(3, 7, 8)
    (outputs, state), (others, other_state) = layer(inputs), expected(inputs)
    assert torch.equal(outputs, others)
    torch.testing.assert_close(state, other_state, rtol=0, atol=0)
    if state is not None:
        assert torch.equal(layer(inputs, state)[0], expected(inputs, other_state)[0])


def test_simple_arguments_are_fields_and_a_missing_number_is_guessed_and_told(tmp_path: Path) -> None:
    made = wrapper(f"{HERE}:TimeFirst", {})
    assert (dict(made.fields), made.guessed) == ({"units": ("int", 64), "rate": ("float", 0.5)}, ("units",))
    folder = written(f"{HERE}:TimeFirst", tmp_path)
    model = load_catalog("off", files=[folder / "seqbench_new_layer.py"]).models["new-layer"]
    fields = {field.name: field.default for field in dataclasses.fields(model)}  # type: ignore[arg-type]
    assert fields == {"units": 64, "rate": 0.5}
    assert max(len(line) for file in folder.rglob("*.py") for line in file.read_text().splitlines()) <= 115


@pytest.mark.slow
def test_distribution_names_its_package_and_the_checks_that_fail(tmp_path: Path) -> None:
    assert wrapper("torch.nn:GRU", {}).distribution.startswith("torch==2.")
    sound = wrap("new-gru", f"{HERE}:TimeFirst", {}, "MIT", tmp_path / "sound")
    told = tomllib.loads((tmp_path / "sound" / "pyproject.toml").read_text())
    # A file of the user's own is on no index.
    assert told["project"]["dependencies"] == ["seqbench>=0.2"]
    assert told["project"]["entry-points"]["seqbench"] == {"new-gru": "seqbench_new_gru"}
    assert (sound.faults, len(sound.written)) == ({}, 6)
    leaky: Wrap = wrap("new-leak", f"{HERE}:ChannelsFirst", {"causal": False}, "none", tmp_path / "leaky")
    assert "causality" in leaky.faults
    assert '"causality": "the output at step' in (tmp_path / "leaky" / "tests" / "test_new_leak.py").read_text()
    assert "minGRU" not in (tmp_path / "leaky" / "README.md").read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--from", f"{HERE}:TimeFrist"], "did you mean tests.wrapping.layers:TimeFirst?"),
        (["--from", f"{HERE}:TimeFirst", "--set", "unit=3"], "did you mean 'units'?"),
        (["--from", f"{HERE}:LastOnly"], "it gives no output for each step"),
        (["--model", "--from", f"{HERE}:Heads"], "--model, --task or --from PATH"),
        (["--model", "--set", "units=3"], "--set is for the arguments of a class"),
    ],
)
def test_what_cannot_be_wrapped_is_refused_and_nothing_is_written(
    words: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["seqbench", "plugin", "new", "new-one", *words])
    assert run_line() == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "new-one").exists()
