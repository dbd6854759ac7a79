"""Gives all tests the folder of real data sets, one torch thread, and a cache of their own."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from seqbench import Catalog

os.environ["OMP_NUM_THREADS"] = "1"
# A script that puts the suite into the background has it ignore Ctrl-C, and so would all that it starts.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real data sets, or skip the test."""
    named = os.environ.get("SEQBENCH_TEST_DATA")
    folder = Path(named) if named else Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no real data: SEQBENCH_TEST_DATA is not set and {folder} is not there")
    return folder


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Return a headless browser, or skip the test."""
    from tests.browser import chromium

    with chromium() as found:
        yield found


@pytest.fixture(scope="session")
def tiny_offers(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """Return the toys, with the suite ``tiny`` of the tests of boards."""
    from tests.boards import catalog

    return catalog(tmp_path_factory.mktemp("suite"))


@pytest.fixture(scope="session")
def tiny_results(tmp_path_factory: pytest.TempPathFactory, tiny_offers: Catalog) -> Path:
    """Return the folder of a whole run of ``tiny``; nobody writes to it."""
    from tests.boards import store

    return store(tmp_path_factory.mktemp("both"), tiny_offers)


@pytest.fixture(scope="session")
def tiny_bundle(tiny_results: Path, tiny_offers: Catalog) -> bytes:
    """Return its bundle."""
    from tests.boards import bundled

    return bundled(tiny_results, tiny_offers)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEQBENCH_CACHE", str(tmp_path / "cache"))
