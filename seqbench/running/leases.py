"""Tracks which cells another sweep into the same folder is running.

A lease is a file that is created only if it does not exist, so that one process gets it; its holder renews it.
There are no locks. A stale lease (its process is dead, or it was not renewed) stays unchanged: the process that
takes the cell over creates a file named after it, which again only one process can do. See docs/scaling.md.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import threading
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from seqbench.base.plain_files import NotPlainError, open_plain
from seqbench.base.process_identity import Holder, is_dead, this_process
from seqbench.errors import StoreError, reason

log = logging.getLogger(__name__)

_MOST_BYTES = 100_000
RENEWALS = 4
"""Number of renewals of a lease before it would expire."""


@dataclass(frozen=True)
class Lease:
    """A claim of one sweep to run a cell.

    Attributes:
        key: the cell's key.
        cell: the cell's title, for a person.
        holder: the process of the sweep; None if the file cannot be read (yet).
        token: unique to this lease; the file of the process that takes it over is named after it.
        renewed: time of its creation or last renewal, in seconds since 1970 on the clock of the file server.
    """

    key: str
    cell: str
    holder: Holder | None
    token: str
    renewed: float

    @property
    def host(self) -> str:
        """The machine of the sweep that runs the cell."""
        return self.holder.host if self.holder else "unknown"


class Leases:
    """The leases of this process on the cells of one store; renews them while its block runs.

    Args:
        folder: the folder of the leases, which must exist.
        seconds: the age without renewal from which a lease is stale.
    """

    def __init__(self, folder: Path, seconds: float) -> None:
        self._folder = folder
        self._seconds = seconds
        self._me = this_process()
        self._held: dict[str, tuple[str, list[Path]]] = {}
        self._ended = threading.Event()
        self._renewing = threading.Thread(target=self._renew, name="seqbench leases", daemon=True)
        self._clock = folder / f".clock-{self._me.machine}-{self._me.pid}-{secrets.token_hex(4)}.tmp"

    def __enter__(self) -> Leases:
        self._renewing.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._ended.set()
        self._renewing.join()
        for key in list(self._held):
            self.release(key)
        with suppress(OSError):
            self._clock.unlink(missing_ok=True)

    def take(self, key: str, cell: str) -> bool:
        """Try to take the lease on a cell, and say whether it is ours now; leases of other sweeps stay unchanged.

        Raises:
            StoreError: the folder cannot be written to.
        """
        token = secrets.token_hex(6)
        try:
            chain = list(follow(self._folder, key))
            if chain and not self._is_stale(chain[-1]):
                return False
            path = _next_path(self._folder, key, chain)
            if not _made(path, json.dumps({"cell": cell, "token": token, **asdict(self._me)})):
                return False
            # If the stale lease was taken over and released since we looked, no chain leads to ours.
            if not any(lease.token == token for lease in follow(self._folder, key)):
                path.unlink(missing_ok=True)
                return False
        except OSError as error:
            raise StoreError(
                f"the lease on {cell} cannot be written: {reason(error)}; records are intact"
            ) from error
        if chain:
            log.info("%s: taken over from %s, whose lease is stale", cell, chain[-1].host)
        self._held[key] = token, [_next_path(self._folder, key, chain[:i]) for i in range(len(chain) + 1)]
        return True

    def release(self, key: str) -> None:
        """Give up a lease; if another process has taken it over, that one's lease stays."""
        token, paths = self._held.pop(key)
        with suppress(OSError):
            chain = list(follow(self._folder, key))
            if chain and chain[-1].token == token:
                # The first is removed first: a process that takes over the last one then sees that no chain leads
                # to its own.
                for path in paths:
                    path.unlink(missing_ok=True)

    def holder(self, key: str) -> Lease | None:
        """Return the lease on a cell, unless it is stale."""
        chain = list(follow(self._folder, key))
        return chain[-1] if chain and not self._is_stale(chain[-1]) else None

    def _is_stale(self, lease: Lease) -> bool:
        if lease.holder is not None and is_dead(lease.holder):
            return True
        return self._now() - lease.renewed > self._seconds

    def _now(self) -> float:
        """Return the time on the clock that stamps the leases, which may not be this machine's."""
        self._clock.touch()
        return self._clock.stat().st_mtime

    def _renew(self) -> None:
        while not self._ended.wait(self._seconds / RENEWALS):
            for _, paths in list(self._held.values()):
                try:
                    # Without a given time, utime uses the clock of the file server.
                    os.utime(paths[-1])
                except OSError as error:
                    log.info("the lease %s cannot be renewed: %s", paths[-1], error)


def follow(folder: Path, key: str) -> Iterator[Lease]:
    """Yield the leases on a cell in order of takeover; the last one holds the cell."""
    path = _next_path(folder, key, [])
    while (lease := _read(path, key)) is not None:
        yield lease
        path = _next_path(folder, key, [lease])


def drop_stale(leases: Leases, folder: Path, wanted: Collection[str]) -> None:
    """Remove stale leases, except on wanted cells: their sweep died between writing a record and releasing."""
    for key in leased(folder) - set(wanted):
        # Taken over before it is removed, so that nobody else takes it over meanwhile.
        if leases.take(key, key):
            leases.release(key)


def leased(folder: Path) -> set[str]:
    """Return the keys of all cells with a lease, stale or not."""
    return {path.name.partition(".")[0] for path in folder.glob("*.json") if not path.name.startswith(".")}


def _next_path(folder: Path, key: str, chain: list[Lease]) -> Path:
    return folder / (f"{key}.{chain[-1].token}.json" if chain else f"{key}.json")


def _made(path: Path, text: str) -> bool:
    """Create a file that did not exist; return whether this call created it."""
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
    except FileExistsError:
        return False
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return True


def _read(path: Path, key: str) -> Lease | None:
    try:
        # Opened before stat: a network file system then asks its server for the time.
        with open_plain(path) as file:
            text, renewed = file.read(_MOST_BYTES), os.fstat(file.fileno()).st_mtime
    except FileNotFoundError:
        return None
    except NotPlainError:
        # The file is not one of ours; a valid lease can follow it.
        return Lease(key, "", None, "unreadable", 0.0)
    try:
        said = json.loads(text)
        holder = Holder(said["host"], said["machine"], said["pid"], said["started"])
        return Lease(key, said["cell"], holder, said["token"], renewed)
    except (ValueError, KeyError, TypeError):
        # Not yet written, or its process was killed before writing: its age decides.
        return Lease(key, "", None, "unreadable", renewed)
