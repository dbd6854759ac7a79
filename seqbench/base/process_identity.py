"""Identifies the process that holds something in a shared folder, and checks whether it still lives.

Only processes of this machine can be seen. Imports nothing of seqbench.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psutil

SECONDS_OF_DOUBT = 2.0
"""Start times of processes are relative to the machine's start, which varies by a second between readings."""


@dataclass(frozen=True)
class Holder:
    """A process.

    Attributes:
        host: name of its machine, for people.
        machine: distinguishes machines and containers of the same name; changes after a restart.
        pid: its process number there.
        started: seconds since 1970.
    """

    host: str
    machine: str
    pid: int
    started: float


def this_process() -> Holder:
    """Return this process."""
    return Holder(platform.node(), machine(), os.getpid(), psutil.Process().create_time())


def is_dead(holder: Holder) -> bool:
    """Say whether a process is known to have ended; False if unknown."""
    if holder.machine != machine():
        return False
    try:
        process = psutil.Process(holder.pid)
        is_another = abs(process.create_time() - holder.started) > SECONDS_OF_DOUBT
        return is_another or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
    except psutil.Error:
        return False


def temporary_prefix() -> str:
    """Return the prefix of this process's temporary files, by which other processes recognise their owner."""
    return f".{machine()}-{os.getpid()}-"


def is_abandoned(temporary: str) -> bool:
    """Say whether a temporary file belongs, by its name, to a process of this machine that has ended."""
    writer = re.match(rf"\.(?:clock-)?{machine()}-(\d+)-", temporary)
    return writer is not None and not psutil.pid_exists(int(writer[1]))


@cache
def machine() -> str:
    """Return the scope in which process numbers are unique: a machine since its start, or a container on it."""
    parts = [platform.node()]
    try:
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip())
        parts.append(os.readlink("/proc/self/ns/pid"))
    except OSError:
        # Not Linux: only the name is known.
        pass
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()[:12]
