"""Tests what is shown of a plugin that says little of itself.

Modules: seqbench.cli.prose.
"""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from seqbench.cli.main import cli
from seqbench.cli.prose import readable

PLUGIN = """
from dataclasses import dataclass
from seqbench import Model, hookimpl

@dataclass(frozen=True)
class Mute(Model):
    name = "mute"
    version = 1
    units: int = 4

    def build(self, input_size):
        from torch import nn
        return nn.GRU(input_size, self.units, batch_first=True)

@hookimpl
def seqbench_models():
    yield Mute
"""


def test_signature_that_a_dataclass_has_for_a_docstring_describes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "mute.py"
    file.write_text(PLUGIN)
    shown = CliRunner().invoke(cli, ["show", "mute", "--plugin", str(file)], catch_exceptions=False)
    assert shown.stdout.splitlines()[1:3] == ["", "parameters (seqbench run --set mute.NAME=VALUE)"]
    told = CliRunner().invoke(cli, ["show", "mute", "--plugin", str(file), "--json"], catch_exceptions=False)
    assert json.loads(told.stdout)["description"] == ""


def test_keys_of_cells_whose_settings_are_searched_first_are_not_shown() -> None:
    told = CliRunner().invoke(cli, ["show", "standard", "--json"], catch_exceptions=False)
    found = json.loads(told.stdout)
    assert (found["cells"], found["keys"]) == (360, [])


def test_columns_of_a_table_stay_under_their_heads() -> None:
    rule = "======  =========\n"
    table = readable(
        f"The ``layer``:\n\n{rule}letter  weight\n{rule}``U``   ``ih``  x\nV       `hh`\n{rule}\nThen ``W``."
    )
    assert table.splitlines()[2:7] == [
        "──────  ─────────",
        "letter  weight",
        "──────  ─────────",
        "U       ih  x",
        "V       hh",
    ]
    assert table.endswith("\n\nThen W.")
