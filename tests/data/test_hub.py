"""Tests that a data set of the hub is read from its cache, and that one out of reach is told at once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from seqbench import fingerprint


def test_hub_name_then_fingerprint_holds_configuration_and_revision() -> None:
    assert fingerprint("stanfordnlp/imdb") == "hub:stanfordnlp/imdb@main"
    assert fingerprint("nyu-mll/glue:sst2@refs/convert/parquet") == "hub:nyu-mll/glue:sst2@refs/convert/parquet"


def outcome_of_hub_name(name: str, home: Path, **environment: str) -> tuple[str, float]:
    """Ask for a hub data set in a fresh process, as `datasets` reads its settings on import."""
    code = (
        "import sys, time, datasets, seqbench\n"
        "start = time.perf_counter()\n"
        "try: tables = seqbench.read_tables(sys.argv[1])\n"
        "except seqbench.DataError as error: said = str(error)\n"
        "else: said = str({part: t.to_dict('list') for part, t in tables.items()})\n"
        "assert datasets.are_progress_bars_disabled() is False\n"
        "print(said, time.perf_counter() - start, sep='\\t')\n"
    )
    settings = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
    settings = {**settings, "HF_HOME": str(home), **environment}
    done = subprocess.run(
        [sys.executable, "-c", code, name], capture_output=True, text=True, check=True, env=settings
    )
    assert done.stderr == ""
    said, seconds = done.stdout.rstrip("\n").split("\t")
    return said, float(seconds)


NOBODY = "http://127.0.0.1:9"  # the discard port, where nothing listens


@pytest.mark.parametrize("environment", [{"HF_HUB_OFFLINE": "1"}, {"HF_HUB_OFFLINE": "0", "HF_ENDPOINT": NOBODY}])
def test_hub_out_of_reach_then_says_within_three_seconds_what_to_run(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    said, seconds = outcome_of_hub_name("stanfordnlp/imdb", tmp_path, **environment)
    assert "stanfordnlp/imdb@main is not in the cache" in said
    assert (
        "offline mode" in said if environment["HF_HUB_OFFLINE"] == "1" else "(127.0.0.1) is out of reach" in said
    )
    assert "load_dataset('stanfordnlp/imdb')" in said
    assert seconds < 3


@pytest.mark.slow
def test_hub_out_of_reach_and_data_set_cached_then_its_rows(tmp_path: Path) -> None:
    fill_cache(tmp_path, "someone", "things", "0123abcd")
    said, seconds = outcome_of_hub_name("someone/things", tmp_path, HF_HUB_OFFLINE="0", HF_ENDPOINT=NOBODY)
    assert said == str({"train": {"text": ["NA", "x"], "label": ["neg", "pos"]}})
    assert seconds < 3
    said, _ = outcome_of_hub_name("someone/things@0123", tmp_path, HF_HUB_OFFLINE="1")
    assert said.startswith("{'train'")
    said, _ = outcome_of_hub_name("someone/things@ffff", tmp_path, HF_HUB_OFFLINE="1")
    assert "is of revision 0123abcd, not ffff" in said


def fill_cache(home: Path, owner: str, name: str, revision: str) -> None:
    """Lay a data set where `datasets` keeps those that it had from the hub."""
    code = (
        "import sys\n"
        "from datasets import ClassLabel, Dataset, Features, Value\n"
        "from datasets.packaged_modules.parquet.parquet import Parquet\n"
        "file, name, revision = sys.argv[1:]\n"
        "features = Features(text=Value('string'), label=ClassLabel(names=['neg', 'pos']))\n"
        "Dataset.from_dict({'text': ['NA', 'x'], 'label': [0, 1]}, features).to_parquet(file)\n"
        "Parquet(dataset_name=name, hash=revision, data_files={'train': file}).download_and_prepare()\n"
    )
    arguments = [str(home / "rows.parquet"), name, revision]
    environment = {**os.environ, "HF_HOME": str(home), "HF_HUB_OFFLINE": "1"}
    subprocess.run([sys.executable, "-c", code, *arguments], check=True, capture_output=True, env=environment)
    # What comes from a local file is kept without an owner, and its configuration with a hash of the file's path.
    folder = (home / "datasets" / name).rename(home / "datasets" / f"{owner}___{name}")
    next(folder.glob("default-*")).rename(folder / "default")
