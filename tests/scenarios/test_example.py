"""Tests plugins/example as a third-party distribution, found by its entry points.

`.ci/run` installs it with pip, beside the wheel in an environment of its own, and does all this there.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import seqbench
import seqbench.testing

EXAMPLE = Path(__file__).parents[2] / "plugins" / "example"


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """Lay the example out as pip does; return the folder."""
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())
    site = tmp_path / "site"
    site.mkdir()
    for module in project["tool"]["setuptools"]["py-modules"]:
        shutil.copy(EXAMPLE / f"{module}.py", site)
    name, version = project["project"]["name"], project["project"]["version"]
    info = site / f"seqbench_example-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    points = project["project"]["entry-points"]["seqbench"]
    lines = "".join(f"{point} = {module}\n" for point, module in points.items())
    (info / "entry_points.txt").write_text(f"[seqbench]\n{lines}")
    return site


def run_python(site: Path, *arguments: str) -> str:
    ran = subprocess.run(
        [sys.executable, *arguments],
        cwd=site.parent,
        env={
            **os.environ,
            "PYTHONPATH": str(site),
            "SEQBENCH_PLUGINS": "mingru,parity,recurrent,suites,executors",
        },
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.mark.slow
def test_its_own_tests_pass_where_it_is_installed(installed: Path) -> None:
    tests = shutil.copytree(EXAMPLE / "tests", installed.parent / "tests")
    said = run_python(installed, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tests))
    counts = {word: int(number) for number, word in re.findall(r"(\d+) (passed|skipped)", said)}
    # The kit may skip checks for a GPU, for parameters that the model does not have, and for rows to decode.
    assert counts["passed"] > 60
    assert counts.get("skipped", 0) <= 7


@pytest.mark.slow
def test_it_gives_a_score_and_tests_parity_at_more_than_the_lengths_of_training(installed: Path) -> None:
    settings = ["--lengths", "6", "--evaluate-lengths", "20", "--set", "training.steps=3", "--jobs", "1", "-q"]
    said = run_python(
        installed, "-m", "seqbench", "run", "smoke", "--tasks", "parity", "--models", "mingru", *settings
    )
    assert "baseline: guess" in said
    assert "T=20" in said


def test_it_imports_only_what_is_public() -> None:
    public = {"seqbench": set(seqbench.__all__), "seqbench.testing": set(seqbench.testing.__all__)}
    for path in EXAMPLE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "seqbench":
                assert {alias.name for alias in node.names} <= public[str(node.module)], path
