"""Tests what the site is built from; `tests/scenarios/test_reference.py` builds it."""

from __future__ import annotations

from pathlib import Path

from benchmarks.site import PAGE, PAGE_OF, PUBLISHED, ROOT, commands


def test_docs_are_built_first_and_board_and_page_into_them(tmp_path: Path) -> None:
    docs, board, page = commands(tmp_path)
    assert docs[0] == "sphinx"
    assert "-W" in docs
    assert docs[-1] == str(tmp_path)
    assert board[-1] == str(tmp_path / "board")
    assert page[-1] == str(tmp_path / PAGE)
    assert not (ROOT / "docs" / PAGE).with_suffix(".md").exists()
    assert (PUBLISHED / PAGE_OF).is_dir()


def test_workflow_and_check_build_the_site() -> None:
    for file in (".github/workflows/pages.yml", ".ci/run"):
        assert "python -m benchmarks.site " in (ROOT / file).read_text(), file
