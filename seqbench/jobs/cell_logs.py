"""Sends all output of a cell into its own log file, and nowhere else.

That is logging, warnings, prints of plugins, output of C code, tracebacks of Python and of crashes. A second
attempt is appended to the first.
"""

from __future__ import annotations

import ctypes
import faulthandler
import logging
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TextIO

from seqbench.base.counts import counted
from seqbench.base.plain_files import check_plain, read_plain
from seqbench.experiment.cells import Cell
from seqbench.jobs.events import Event, Finished, Retried
from seqbench.records.layout import Layout
from seqbench.records.making import now
from seqbench.records.schema import Record

_MARK = "==== "


@contextmanager
def spoken_into(path: Path | None, *, owns_process: bool) -> Iterator[TextIO]:
    """Send all output of the block to a file, and yield the file.

    Args:
        path: the file to append to; None, or one that cannot be opened, discards the output.
        owns_process: redirect the process's descriptors 1 and 2 as well, which catches output of C code. False
            if they are the terminal that shows the progress of the sweep.
    """
    stream = _open(path)
    descriptors = _descriptors(stream) if owns_process else nullcontext()
    with stream, descriptors, redirect_stdout(stream), redirect_stderr(stream), _handled(stream):
        yield stream


def begin(stream: TextIO, cell: Cell, path: Path | None) -> None:
    """Write which cell runs, where, when, and as which attempt."""
    stream.write(f"{_MARK}{cell}, attempt {1 + _attempts(path)}\n")
    stream.write(f"key {cell.key}, host {socket.gethostname()}, process {os.getpid()}, {now()}\n")


def end(stream: TextIO, record: Record) -> None:
    """Write the outcome of the cell, with the warnings of its task and the traceback of its failure."""
    for text in record.warnings:
        stream.write(f"warning: {text}\n")
    stream.write(record.traceback or "")
    primary = record.metric.name if record.metric else ""
    told = record.reason or f"{primary} {record.score}, {counted(record.costs.steps, 'step')}"
    stream.write(f"{_MARK}{record.status}: {told}\n")


def complete(layout: Layout, event: Event) -> None:
    """Write the death of a cell's process into the cell's log, if the process could not.

    Args:
        layout: the layout of the store.
        event: any event.
    """
    path = layout.log(event.cell)
    match event:
        case Retried(reason=reason):
            _append(path, f"{reason}; it is run again")
        case Finished(record=record) if record.status != "ok" and not _has_end(path):
            _append(path, f"{record.status}: {record.reason}")


def _open(path: Path | None) -> TextIO:
    if path is not None:
        try:
            # Not its parents: a log must not create a store again that was deleted during the sweep.
            path.parent.mkdir(exist_ok=True)
            return _text(path)
        except OSError:
            # The record reports the fault of the folder, or holds the content of this log.
            pass
    return _text(Path(os.devnull))


def _append(path: Path, text: str) -> None:
    with _open(path) as stream:
        stream.write(f"{_MARK}{text}\n")


def _has_end(path: Path) -> bool:
    """Say whether the last attempt wrote its end; True if there is no log."""
    try:
        lines = read_plain(path).decode("utf-8", errors="replace").splitlines()
    except OSError:
        return True
    marked = [line for line in lines if line.startswith(_MARK)]
    return bool(marked) and ", attempt " not in marked[-1]


def _text(path: Path) -> TextIO:
    if path.exists() and not path.is_char_device():
        # Opening a pipe would block.
        check_plain(path)
    return path.open("a", buffering=1, encoding="utf-8", errors="backslashreplace")


def _attempts(path: Path | None) -> int:
    if path is None or not path.is_file():
        return 0
    with path.open(encoding="utf-8", errors="replace") as lines:
        return sum(line.startswith(_MARK) and ", attempt " in line for line in lines)


@contextmanager
def _descriptors(stream: TextIO) -> Iterator[None]:
    """Redirect descriptors 1 and 2 into a file; a crash of the interpreter leaves its traceback there."""
    was_enabled = faulthandler.is_enabled()
    _flush()
    kept = [os.dup(1), os.dup(2)]
    try:
        os.dup2(stream.fileno(), 1)
        os.dup2(stream.fileno(), 2)
        faulthandler.enable(stream)
        yield
    finally:
        _flush()
        faulthandler.disable()
        for number, descriptor in enumerate(kept, start=1):
            os.dup2(descriptor, number)
            os.close(descriptor)
        if was_enabled:
            faulthandler.enable(2)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    # Output of C code is in a buffer of libc, which a forked process does not flush at its end.
    ctypes.CDLL(None).fflush(None)


@contextmanager
def _handled(stream: TextIO) -> Iterator[None]:
    """Send every logger to a file; seqbench's from INFO on, unless ``-v`` chose another level."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    own = logging.getLogger("seqbench")
    before = own.level, own.propagate
    talkers = [logging.getLogger()]
    if own.level == logging.NOTSET:
        # Without propagation, so that the caller's handlers do not repeat the output on the terminal.
        own.setLevel(logging.INFO)
        own.propagate = False
        talkers.append(own)
    for talker in talkers:
        talker.addHandler(handler)
    try:
        yield
    finally:
        for talker in talkers:
            talker.removeHandler(handler)
        own.setLevel(before[0])
        own.propagate = before[1]
