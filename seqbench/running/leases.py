"""Tracks which cells another sweep into the same folder is running.

A lease is a file that is created only if absent, so that one process gets it, and renewed while it is held. There
is no lock: a stale lease (dead process, or not renewed) is never touched. Whoever takes it over creates a
successor file named after it; again only one process can. See docs/scaling.md.
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
"""Times that a claim is renewed before it would expire."""


@dataclass(frozen=True)
class Claim:
    """Who runs a cell.

    Attributes:
        key: of the cell.
        cell: the cell, for a person.
        holder: the process of the sweep; None where the file cannot be read (yet).
        token: tells this claim from all others; the file of who takes it over is named after it.
        renewed: when it was made or renewed, seconds since 1970 on the clock of the file server.
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


class Claims:
    """The claims of this process on the cells of one store; entered, it renews them until it is left.

    Args:
        folder: of the claims; it has to be there.
        seconds: a claim that was not renewed for so long is stale.
    """

    def __init__(self, folder: Path, seconds: float) -> None:
        self._folder = folder
        self._seconds = seconds
        self._me = this_process()
        self._held: dict[str, tuple[str, list[Path]]] = {}
        self._ended = threading.Event()
        self._renewing = threading.Thread(target=self._renew, name="seqbench claims", daemon=True)
        self._clock = folder / f".clock-{self._me.machine}-{self._me.pid}-{secrets.token_hex(4)}.tmp"

    def __enter__(self) -> Claims:
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
        """Claim a cell; say whether it is ours now. What another sweep holds stays as it is.

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
            # If the stale claim was taken over and released since we looked, our claim is orphaned.
            if not any(claim.token == token for claim in follow(self._folder, key)):
                path.unlink(missing_ok=True)
                return False
        except OSError as error:
            raise StoreError(
                f"the claim on {cell} cannot be written: {reason(error)}; records are intact"
            ) from error
        if chain:
            log.info("%s: taken over from %s, whose claim is stale", cell, chain[-1].host)
        self._held[key] = token, [_next_path(self._folder, key, chain[:i]) for i in range(len(chain) + 1)]
        return True

    def release(self, key: str) -> None:
        """Give up a claim; where it was taken over meanwhile, that claim stays."""
        token, paths = self._held.pop(key)
        with suppress(OSError):
            chain = list(follow(self._folder, key))
            if chain and chain[-1].token == token:
                # The first file goes first, so that whoever takes over the last one sees that it is orphaned.
                for path in paths:
                    path.unlink(missing_ok=True)

    def holder(self, key: str) -> Claim | None:
        """Return the claim on a cell, unless it is stale."""
        chain = list(follow(self._folder, key))
        return chain[-1] if chain and not self._is_stale(chain[-1]) else None

    def _is_stale(self, claim: Claim) -> bool:
        if claim.holder is not None and is_dead(claim.holder):
            return True
        return self._now() - claim.renewed > self._seconds

    def _now(self) -> float:
        """Return the time on the clock that stamps the claims, which may not be this machine's."""
        self._clock.touch()
        return self._clock.stat().st_mtime

    def _renew(self) -> None:
        while not self._ended.wait(self._seconds / RENEWALS):
            for _, paths in list(self._held.values()):
                try:
                    # Without a time: the file server's.
                    os.utime(paths[-1])
                except OSError as error:
                    log.info("the claim %s cannot be renewed: %s", paths[-1], error)


def follow(folder: Path, key: str) -> Iterator[Claim]:
    """Yield the claims on a cell: the first, then each that took over the one before; the last holds it."""
    path = _next_path(folder, key, [])
    while (claim := _read(path, key)) is not None:
        yield claim
        path = _next_path(folder, key, [claim])


def drop_stale(claims: Claims, folder: Path, wanted: Collection[str]) -> None:
    """Remove stale claims, but for those on wanted cells: a sweep died between a record and its release."""
    for key in claimed(folder) - set(wanted):
        # Removed by who holds it, so that nobody else takes it over meanwhile.
        if claims.take(key, key):
            claims.release(key)


def claimed(folder: Path) -> set[str]:
    """Return the keys of all cells on which there is a claim, stale or not."""
    return {path.name.partition(".")[0] for path in folder.glob("*.json") if not path.name.startswith(".")}


def _next_path(folder: Path, key: str, chain: list[Claim]) -> Path:
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


def _read(path: Path, key: str) -> Claim | None:
    try:
        # Opened before it is looked at: that makes a network's file system ask its server for the time.
        with open_plain(path) as file:
            text, renewed = file.read(_MOST_BYTES), os.fstat(file.fileno()).st_mtime
    except FileNotFoundError:
        return None
    except NotPlainError:
        # Not a file of seqbench: a valid claim follows it.
        return Claim(key, "", None, "unreadable", 0.0)
    try:
        said = json.loads(text)
        holder = Holder(said["host"], said["machine"], said["pid"], said["started"])
        return Claim(key, said["cell"], holder, said["token"], renewed)
    except (ValueError, KeyError, TypeError):
        # Not yet written, or its process was killed between the two: its time decides.
        return Claim(key, "", None, "unreadable", renewed)
