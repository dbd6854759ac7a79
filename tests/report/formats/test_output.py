"""Tests that a report that cannot be written leaves what was there."""

from __future__ import annotations

from pathlib import Path

import pytest

from seqbench.errors import ExperimentError
from seqbench.report.formats.output import write_whole


def test_output_that_cannot_be_written_leaves_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "report.md"
    assert write_whole(target, "é first") == 8
    with pytest.raises(UnicodeEncodeError):
        write_whole(target, "broken \ud800")
    assert target.read_text() == "é first"
    with pytest.raises(ExperimentError, match="is a folder: name a file, in it or elsewhere$"):
        write_whole(tmp_path, "x")
    with pytest.raises(ExperimentError, match="no ordinary file"):
        write_whole(Path("/dev/null"), "x")
    with pytest.raises(ExperimentError, match="there is no folder"):
        write_whole(tmp_path / "nowhere" / "x", "x")
    (tmp_path / "link.md").symlink_to(target)
    write_whole(tmp_path / "link.md", "second")
    assert target.read_text() == "second"
    assert (tmp_path / "link.md").is_symlink()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.md", "report.md"]
