"""Tests that the demonstration measures, trains and writes its page, and takes up its own results."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from seqbench.cli.main import cli


@pytest.mark.slow
def test_demo_ends_with_a_page(tmp_path: Path) -> None:
    output = tmp_path / "demo"
    done = CliRunner().invoke(cli, ["demo", "--no-open", "--output", str(output)], catch_exceptions=False)
    assert done.exit_code == 0, done.stderr
    assert "256 steps" in done.stdout
    assert "In words: gru" in done.stdout
    assert "<html" in (output / "demo.html").read_text()
    records = [json.loads(path.read_text()) for path in (output / "records").iterdir()]
    assert (
        sorted((each["cell"]["length"], each["status"]) for each in records) == [(16, "ok")] * 3 + [(64, "ok")] * 3
    )
    no_screen = CliRunner(env={"DISPLAY": None, "WAYLAND_DISPLAY": None})
    again = no_screen.invoke(cli, ["demo", "--output", str(output)], catch_exceptions=False)
    assert "6 of 6 cells were done already" in again.stderr
    if sys.platform == "linux":
        assert f"there is no screen here; open {output / 'demo.html'} in a browser" in again.stderr
