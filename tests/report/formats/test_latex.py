"""Tests that LaTeX compiles, loses no field and runs no command of a record."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from seqbench.report import FORMATS
from tests.report.hostile import hostile


@pytest.mark.skipif(
    shutil.which("pdflatex") is None, reason="pdflatex is not installed (Debian: texlive-latex-base)"
)
def test_latex_compiles_and_loses_no_field(tmp_path: Path) -> None:
    (tmp_path / "report.tex").write_text(FORMATS["latex"].write(hostile()), encoding="utf-8")
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "report.tex"],
        cwd=tmp_path,
        capture_output=True,
        timeout=120,
        check=False,
    )
    said = done.stdout.decode("utf-8", "replace")
    assert done.returncode == 0, said[-2000:]
    assert "Missing character" not in said
    assert (tmp_path / "report.pdf").stat().st_size > 10_000


def test_latex_has_booktabs_rules_and_as_many_fields_as_columns() -> None:
    text = FORMATS["latex"].write(hostile())
    tables = re.findall(r"\\begin\{tabular\}\{([lr]+)\}\n(.*?)\\end\{tabular\}", text, flags=re.DOTALL)
    assert len(tables) >= 6
    for columns, body in tables:
        assert [body.count(rule) for rule in ("\\toprule", "\\midrule", "\\bottomrule")] == [1, 1, 1]
        rows = [line for line in body.splitlines() if line.endswith("\\\\")]
        assert rows
        assert all(len(re.findall(r"(?<!\\)&", row)) == len(columns) - 1 for row in rows)
    # Nothing of a record is a command.
    assert "\\input" not in text
    assert text.isascii() or set(filter(lambda c: not c.isascii(), text)) <= set("é")
