"""Reads the rows of a Hugging Face data set, or explains why they are unavailable.

Uses the cache of the hub; an unreachable hub is noticed within seconds. No remote code is run. `datasets` is
imported when tables are read.
"""

from __future__ import annotations

import logging
import os
import re
import socket
import threading
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from seqbench.errors import DataError

if TYPE_CHECKING:
    import pandas as pd
    from datasets import Dataset, DatasetDict

log = logging.getLogger(__name__)

_NAME = re.compile(r"(?P<name>\w[\w.-]*(/\w[\w.-]*)?)(:(?P<config>[\w.-]+))?(@(?P<revision>[\w./-]+))?", re.ASCII)
_SPLITS = {
    "train": ("train",),
    "validation": ("validation", "valid", "val", "dev"),
    "test": ("test",),
}
_PATIENCE_SECONDS = 2.0


@dataclass(frozen=True)
class HubName:
    """A data set on the Hugging Face hub: ``owner/name``, ``owner/name:config``, ``owner/name@revision``.

    >>> HubName.parse("stanfordnlp/imdb:plain_text@e6281661ce1c")
    HubName(name='stanfordnlp/imdb', config='plain_text', revision='e6281661ce1c')
    """

    name: str
    config: str | None = None
    revision: str = "main"

    @staticmethod
    def parse(text: str) -> HubName | None:
        """Return the data set that ``text`` names, or None if it cannot be a hub name."""
        found = _NAME.fullmatch(text)
        if found is None:
            return None
        return HubName(found["name"], found["config"], found["revision"] or "main")

    def __str__(self) -> str:
        config = f":{self.config}" if self.config else ""
        return f"{self.name}{config}@{self.revision}"

    def read_tables(self) -> dict[str, pd.DataFrame]:
        """Return the rows of the splits train, validation and test; class labels become their names.

        Raises:
            DataError: it is not cached and the hub is unreachable, it does not exist, or it has no such split.
        """
        splits = self._load()
        tables = {}
        for role, names in _SPLITS.items():
            present = [name for name in names if name in splits]
            if present:
                tables[role] = _table(splits[present[0]])
        if "train" not in tables:
            raise DataError(f"{self} has no split called train; it has {', '.join(splits)}")
        return tables

    def _load(self) -> DatasetDict:
        import datasets

        obstacle = _obstacle()
        if obstacle is None:
            log.info("asking the hub for %s", self)
        with _quietly(offline=obstacle is not None):
            try:
                # datasets 5 always refuses a data set that needs its own code.
                splits: DatasetDict = datasets.load_dataset(
                    self.name, self.config, revision=None if self.revision == "main" else self.revision
                )
            except Exception as error:
                raise DataError(self._explain(obstacle, error)) from error
        if obstacle is not None:
            self._check_revision(splits)
        return splits

    def _explain(self, obstacle: str | None, error: Exception) -> str:
        reason = str(error).strip().split("\n")[0] or type(error).__name__
        if obstacle is None:
            return f"there is no file {str(self)!r}, and the Hugging Face hub did not give it: {reason}"
        if isinstance(error, ValueError):
            # Cached in another form: several configurations, or not the requested one.
            return f"{obstacle}, and the cache does not give {self}: {' '.join(str(error).split())}"
        arguments = [repr(self.name), *([repr(self.config)] if self.config else [])]
        if self.revision != "main":
            arguments.append(f"revision={self.revision!r}")
        return (
            f"there is no file called {self.name!r}, the Hugging Face data set {self} is not in the cache, and"
            f" {obstacle}. Give the path of a file, or on a machine with a network run:"
            f' python -c "from datasets import load_dataset; load_dataset({", ".join(arguments)})"'
        )

    def _check_revision(self, splits: DatasetDict) -> None:
        """Refuse a cached copy of another revision, which `datasets` silently uses when offline."""
        folders = [Path(file["filename"]).parent.name for split in splits.values() for file in split.cache_files]
        if self.revision != "main" and not any(folder.startswith(self.revision) for folder in folders):
            raise DataError(
                f"the hub is out of reach, and the newest cached copy of {self.name} is of revision"
                f" {folders[0] if folders else 'unknown'}, not {self.revision}; name that one,"
                " or load yours on a machine with a network"
            )


def _table(split: Dataset) -> pd.DataFrame:
    import datasets

    table: pd.DataFrame = split.to_pandas()
    if table.empty:
        raise DataError(f"the split {split.split} of the data set has no rows")
    for column, feature in split.features.items():
        if isinstance(feature, datasets.ClassLabel):
            table[column] = table[column].map(dict(enumerate(feature.names)))
    return table


def _obstacle() -> str | None:
    """Return why the hub cannot be reached, or None if it can."""
    import datasets

    if datasets.config.HF_HUB_OFFLINE:
        return "offline mode is on (HF_HUB_OFFLINE)"
    endpoint = urllib.parse.urlsplit(datasets.config.HF_ENDPOINT)
    if not _can_connect(_gateway(endpoint)):
        return f"the hub ({endpoint.hostname}) is out of reach"
    return None


def _gateway(endpoint: urllib.parse.SplitResult) -> urllib.parse.SplitResult:
    """Return the address to connect to: the proxy's if there is one."""
    proxy = urllib.request.getproxies().get(endpoint.scheme)
    if proxy is None or urllib.request.proxy_bypass(endpoint.hostname or ""):
        return endpoint
    return urllib.parse.urlsplit(proxy if "://" in proxy else f"http://{proxy}")


def _can_connect(address: urllib.parse.SplitResult) -> bool:
    # Looking up a name has no time limit, so it runs in a thread that may be abandoned.
    answers: list[bool] = []

    def connect() -> None:
        port = address.port or (443 if address.scheme == "https" else 80)
        try:
            socket.create_connection((address.hostname or "", port), timeout=_PATIENCE_SECONDS).close()
        except OSError:
            return
        answers.append(True)

    thread = threading.Thread(target=connect, daemon=True)
    thread.start()
    thread.join(_PATIENCE_SECONDS)
    return bool(answers)


@contextmanager
def _quietly(*, offline: bool) -> Iterator[None]:
    """Keep `datasets` and its hub client from writing to the terminal, and from retrying for 24 s if offline."""
    import datasets
    from huggingface_hub.utils.tqdm import (
        are_progress_bars_disabled,
        disable_progress_bars,
        enable_progress_bars,
    )

    was_offline = datasets.config.HF_HUB_OFFLINE
    loggers = [logging.getLogger(name) for name in ("datasets", "huggingface_hub", "httpx", "filelock")]
    levels = [logger.level for logger in loggers]
    shows_rows = datasets.are_progress_bars_disabled() is False and _may_silence("HF_DATASETS")
    shows_bytes = are_progress_bars_disabled() is False and _may_silence("HF_HUB")
    datasets.config.HF_HUB_OFFLINE = offline
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    if shows_rows:
        datasets.disable_progress_bars()
    if shows_bytes:
        disable_progress_bars()
    try:
        yield
    finally:
        datasets.config.HF_HUB_OFFLINE = was_offline
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
        if shows_rows:
            datasets.enable_progress_bars()
        if shows_bytes:
            enable_progress_bars()


def _may_silence(prefix: str) -> bool:
    # HF_..._DISABLE_PROGRESS_BARS=0 requests bars, and the libraries warn if code overrides it.
    return os.environ.get(f"{prefix}_DISABLE_PROGRESS_BARS", "").upper() not in ("0", "OFF", "NO", "FALSE")
