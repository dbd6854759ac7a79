"""Tests that cached tensors come back unchanged or are made anew, and are never mixed up.

Modules: seqbench.base.tensor_files.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from seqbench import cached_tensors
from seqbench.base.portable import portable_settings
from seqbench.data.cache import cache_folder

IDENTITY = ("task", 1, "sha256:1234", 0.5, None)


def fresh() -> dict[str, torch.Tensor]:
    return {"tokens": torch.arange(1000)}


def refused() -> dict[str, torch.Tensor]:
    raise AssertionError("it is in the cache")


def flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[content.index(fresh()["tokens"].numpy().tobytes()) + 800] ^= 1
    path.write_bytes(content)


def of_another(path: Path) -> None:
    own = path.read_bytes()
    cached_tensors(("another", 1), lambda: {"tokens": torch.zeros(3)})
    (other,) = set(path.parent.iterdir()) - {path}
    other.replace(path)
    assert path.read_bytes() != own


def in_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def in_a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize(
    "damage",
    [
        flipped,
        of_another,
        in_a_folder,
        in_a_pipe,
        lambda path: path.write_bytes(path.read_bytes()[:-200]),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"not tensors"),
        lambda path: torch.save({"tokens": torch.zeros(3)}, path),
        lambda path: torch.save([1, 2], path),
        lambda path: path.chmod(0o000),
    ],
    ids=["flipped", "of another", "folder", "pipe", "cut", "empty", "text", "bare", "list", "locked"],
)
def test_cached_file_that_is_damaged_or_another_is_a_miss(damage: Callable[[Path], object]) -> None:
    cached_tensors(IDENTITY, fresh)
    assert torch.equal(cached_tensors(IDENTITY, refused)["tokens"], fresh()["tokens"])
    (path,) = cache_folder().iterdir()
    damage(path)
    assert torch.equal(cached_tensors(IDENTITY, fresh)["tokens"], fresh()["tokens"])
    if path.is_file():
        assert torch.equal(cached_tensors(IDENTITY, refused)["tokens"], fresh()["tokens"])


def test_user_without_a_home_has_a_cache_and_no_folder_called_like_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SEQBENCH_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    # As where no entry of the password file has this user's number.
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    assert cache_folder().is_absolute()
    assert "~" not in str(cache_folder())


def test_tensors_of_portable_arithmetic_are_kept_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    cached_tensors(IDENTITY, fresh)
    for name, value in portable_settings().items():
        monkeypatch.setenv(name, value)
    other = cached_tensors(IDENTITY, lambda: {"tokens": torch.zeros(3)})
    assert torch.equal(other["tokens"], torch.zeros(3))
    assert torch.equal(cached_tensors(IDENTITY, refused)["tokens"], torch.zeros(3))


def test_data_sets_of_the_hub_are_kept_only_where_a_commit_says_what_they_are() -> None:
    for source in ("hub:owner/name@main", "hub:owner/name:part@v2", "hub:owner/name"):
        cached_tensors((*IDENTITY, source), fresh, source=source)
        assert not torch.equal(
            cached_tensors((*IDENTITY, source), lambda: {"tokens": torch.zeros(3)}, source=source)["tokens"],
            fresh()["tokens"],
        )
    for source in (f"hub:owner/name@{'0a' * 20}", "csv:sha256:12"):
        cached_tensors((*IDENTITY, source), fresh, source=source)
        assert cached_tensors((*IDENTITY, source), refused, source=source)["tokens"].equal(fresh()["tokens"])
