"""Tests that the tutorial in docs/learn/ shows what its commands print, and has all of its figures."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest

from benchmarks.tutorial_figures import FIGURES
from tests.scenarios.test_docs import Block, commands, told

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted((DOCS / "learn").glob("*.md"))
PAIR = re.compile(r"^```\n((?:(?!^```).)*)^```\n((?:(?!^```).)*)^```text\n(.*?)^```", re.MULTILINE | re.DOTALL)
"""A block of commands, what stands between, and the output that is shown."""
SHOWN = [
    pytest.param(asked, shown, id=f"{page.stem}-{number}")
    for page in PAGES
    for number, (asked, _, shown) in enumerate(PAIR.findall(page.read_text()))
    if "seqbench run" not in asked
]


def test_pages_show_output_of_commands() -> None:
    assert len(SHOWN) >= 8


@pytest.mark.slow
@pytest.mark.parametrize(("asked", "shown"), SHOWN)
def test_output_that_is_shown_is_printed(
    asked: str, shown: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")  # narrower tables are cut into blocks
    (tmp_path / "ten.txt").write_text(ten_sentences())
    for arguments in commands(Block("learn", 0, "", asked)):
        assert told(arguments) == 0, arguments
    printed = capsys.readouterr().out.splitlines()
    assert [line for line in shown.splitlines() if not any(holds(each, line) for each in printed)] == []


def holds(printed: str, shown: str) -> bool:
    """Say whether the words of a shown line are in a printed one, in their order; columns may be left out."""
    words = iter(printed.split())
    return all(word in words for word in shown.split())


def test_a_line_with_other_words_is_not_held() -> None:
    assert holds("rnn  vanishing  0.900  -0.105  44", "rnn vanishing 0.900 44")
    assert not holds("rnn  vanishing  0.900  -0.105  44", "rnn vanishing 44 0.900")
    assert not holds("rnn  vanishing  0.900  -0.105  44", "rnn vanishing 0.9 44")


def ten_sentences() -> str:
    text = (DOCS / "tutorial.md").read_text()
    (sentences,) = re.findall(r"^```text\n(please.*?)^```", text, re.MULTILINE | re.DOTALL)
    return str(sentences)


def test_each_figure_is_on_a_page_small_and_made_by_the_one_command() -> None:
    named = {name for page in PAGES for name in re.findall(r"\(\.\./figures/([\w-]+)\.svg\)", page.read_text())}
    made = {path.stem for path in (DOCS / "figures").iterdir()}
    assert named == made == set(FIGURES)
    assert max(path.stat().st_size for path in (DOCS / "figures").iterdir()) < 60_000


def test_every_page_is_listed_and_leads_to_the_next() -> None:
    listed = re.findall(r"^([\w-]+)$", (DOCS / "learn" / "index.md").read_text().partition("{toctree}")[2], re.M)
    assert {*listed} == {page.stem for page in PAGES} - {"index"}
    for page, following in pairwise(listed):
        assert f"({following}.md)" in (DOCS / "learn" / f"{page}.md").read_text(), page
