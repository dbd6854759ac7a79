"""Does one piece of work in one fresh process, and reports how it ended.

Processes are forked from a server that imported torch and Lightning once: 0.1 s for each instead of 4 s. A worker
listens to its parent while it works: it stops when told to, and ends when its parent dies. Each uses one thread,
because two threads on two busy cores are many times slower than one.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from multiprocessing.util import Finalize
from typing import Any

from seqbench.base.leftover_threads import end_idle_pools, left_running
from seqbench.executors.server import context_of, settings_of, started
from seqbench.executors.silence import Silence
from seqbench.executors.sockets import sockets_fit
from seqbench.executors.work import Tell
from seqbench.training.memory import out_of_memory_kills

PRELOAD = ["seqbench.executors.uncollected", "torch", "pytorch_lightning", "seqbench.training.cell"]
POLL_SECONDS = 0.5
"""Time between two checks for a request to stop."""
SECONDS_TO_STOP = 20.0
"""Time for a cell to write its checkpoint and end after a request to stop; then it is killed."""
_SECONDS_TO_EXIT = 2.0
_SECONDS_FOR_THREADS = 0.2
_SECONDS_BETWEEN_SIGNS = 1.0
_ENDS = {signal.SIGTERM, signal.SIGHUP}
"""Signals that ask the process that gets them to end."""
_SIGNALS = {signal.SIGINT, *_ENDS}

Work = Callable[[Any, Tell, Callable[[], bool]], Any]
"""The work of a process: called with its argument, a function to report progress, and one that says whether to
stop."""


@dataclass(frozen=True)
class Progress:
    """The work continues, with its progress."""

    step: int
    loss: float
    steps_per_second: float


@dataclass(frozen=True)
class Alive:
    """The work continues without news."""


@dataclass(frozen=True)
class Done:
    """The work is done, with its result."""

    value: Any


@dataclass(frozen=True)
class Died:
    """The process died, or counts as dead.

    Attributes:
        reason: how, for a person.
        what: the event, for a person.
        of_memory: whether the machine most likely ran out of memory.
        of_machine: whether its machine died, which is no fault of the cell.
        of_time: whether it was ended because it gave no sign of life for longer than its time limit.
    """

    reason: str
    of_memory: bool = False
    of_machine: bool = False
    of_time: bool = False
    what: str = "the cell's process died"


class Worker:
    """One process at its work.

    Attributes:
        connection: has something to read when there is a message.
    """

    def __init__(self, process: BaseProcess, connection: Connection) -> None:
        self.connection = connection
        self._process = process
        self._kills_before = out_of_memory_kills()
        self._asked: float | None = None
        self._silence = Silence()
        # An interpreter that exits waits for its processes, unless they are killed before.
        Finalize(self, process.kill, exitpriority=1)

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid or 0

    @property
    def is_overdue(self) -> bool:
        """Whether it was asked to stop and still runs after the time allowed."""
        return self._asked is not None and time.monotonic() - self._asked > SECONDS_TO_STOP

    def receive(self) -> Progress | Alive | Done | Died:
        """Return the next message; wait for it."""
        try:
            message: Progress | Alive | Done = self.connection.recv()
        except (EOFError, OSError, pickle.UnpicklingError):
            # The process died before or while it sent its message.
            return self._death()
        self._silence.end()
        return message

    def result(self, limit: float | None) -> Done | Died:
        """Wait for the result of the work.

        Args:
            limit: seconds between two signs of life, to which a margin is added; None waits for any time.
        """
        while (hung := self.hung(limit)) is None:
            said = self.receive() if self.connection.poll(POLL_SECONDS) else None
            if isinstance(said, Done | Died):
                return said
        return hung

    def hung(self, limit: float | None) -> Died | None:
        """End a process that gives no sign of life, and return its death; None if waiting may go on.

        Its last act is to write into the log where it hangs.

        Args:
            limit: as for `result`.
        """
        if self.connection.poll() or not self._silence.is_over(limit):
            return None
        silent = self._silence.seconds()
        if self._process.is_alive():
            os.kill(self.pid, signal.SIGABRT)
        self.end()
        return Died(
            f"it gave no sign of life for {silent:.0f} s, its time limit is {limit:g} s, and it was ended; its log"
            " says where it was",
            of_time=True,
        )

    def ask_to_stop(self) -> None:
        """Ask the work to write its checkpoint and to end; asking twice changes nothing."""
        if self._asked is None:
            self._asked = time.monotonic()
            try:
                self.connection.send("stop")
            except OSError:
                # It has just died; the next message reports that.
                return

    def end(self, seconds: float = _SECONDS_TO_EXIT) -> None:
        """Give the process a moment to exit, then kill it."""
        self._process.join(seconds)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        # If the server that forked the process died, this ends the process.
        self.connection.close()

    def _death(self) -> Died:
        self._process.join(_SECONDS_TO_EXIT)
        code = self._process.exitcode
        if code is None or code >= 0:
            return Died(f"with exit status {code}")
        name = signal.Signals(-code).name
        kills = out_of_memory_kills()
        # If the system does not count them, a SIGKILL that seqbench did not send is most likely one.
        of_memory = code == -signal.SIGKILL and (kills is None or kills != self._kills_before)
        return Died(f"by signal {name}" + (" (out of memory)" if of_memory else ""), of_memory)


def start(
    work: Work,
    argument: Any,
    *,
    devices: str | None = None,
    folder: str | None = None,
    is_portable: bool | None = None,
) -> Worker:
    """Start a process that does ``work`` with ``argument``; both are pickled.

    Args:
        devices: the GPUs that it sees, as CUDA_VISIBLE_DEVICES has them; None leaves what this process sees.
        folder: its current folder; by default the one of this process.
        is_portable: whether it computes the same bits as any x86-64 processor would, see `seqbench.base.portable`;
            None where that does not matter.

    Raises:
        ExperimentError: the machine gives no process.
    """
    context = context_of(is_portable, PRELOAD)
    ours, theirs = context.Pipe()
    arguments = (theirs, work, argument, devices, folder or os.getcwd())
    with _main_hidden(), _environment(settings_of(is_portable)), _signals_wait(), sockets_fit():
        process = started(
            lambda: context.Process(target=_main, args=arguments, daemon=True, name="seqbench worker")
        )
    theirs.close()
    return Worker(process, ours)


@contextmanager
def _main_hidden() -> Iterator[None]:
    """Keep multiprocessing from importing the caller's script again in every process.

    A process needs nothing from it, and a script without ``if __name__ == "__main__"`` would start itself.
    """
    main = sys.modules["__main__"]
    hidden: dict[str, Any] = {
        name: vars(main).pop(name) for name in ("__file__", "__spec__") if name in vars(main)
    }
    main.__spec__ = None
    try:
        yield
    finally:
        vars(main).update(hidden)


@contextmanager
def _environment(settings: Mapping[str, str]) -> Iterator[None]:
    """Give the server, when it starts, these settings and an environment in which torch takes one thread.

    And in which Python imports nothing from the current folder, unless this process does: a plugin of the user's
    in it may be called copy.py or queue.py.
    """
    ours = {"OMP_NUM_THREADS": "1", **settings}
    if not {"", os.getcwd()} & set(sys.path):
        ours["PYTHONSAFEPATH"] = "1"
    before = {name: os.environ.get(name) for name in ours}
    os.environ.update(ours)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _signals_wait() -> Iterator[None]:
    """Hold Ctrl-C, SIGTERM and SIGHUP back while a process starts; the parent gets them afterwards.

    The server and its children start with them blocked for good. Its imports then print no traceback, and if a
    terminal or Slurm signals a whole group, only the parent stops the cells.
    """
    # The resource tracker unblocks signals when it starts, so it must run before.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _main(connection: Connection, work: Work, argument: Any, devices: str | None, folder: str) -> None:
    """Run in the process: do the work, and send its progress and its result."""
    # Objects of the server's imports live as long as the process, so the collector can skip them.
    gc.freeze()
    gc.enable()
    # Here too: somebody else may have started the server earlier, with nothing blocked.
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    stop = threading.Event()
    threading.Thread(target=_listen, args=(connection, stop), daemon=True).start()
    if devices is not None:
        # CUDA reads it when the first network is moved to a GPU.
        os.environ["CUDA_VISIBLE_DEVICES"] = devices
    if os.path.isdir(folder):
        os.chdir(folder)
    parent = _Parent(connection, stop)
    parent.send(Done(work(argument, lambda *told: parent.send(Progress(*told)), parent.says_stop)))
    end_idle_pools()
    if left_running(_SECONDS_FOR_THREADS):
        # A thread of a plugin would keep the process alive; all results have been sent.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


class _Parent:
    """The parent process that waits for the result, as seen by the worker."""

    def __init__(self, connection: Connection, stop: threading.Event) -> None:
        self._connection = connection
        self._stop = stop
        self._said = time.monotonic()

    def send(self, message: Progress | Alive | Done) -> None:
        self._said = time.monotonic()
        try:
            self._connection.send(message)
        except OSError:
            os._exit(1)

    def says_stop(self) -> bool:
        """Return whether the work must stop; asking is a sign of life, which is sent to the parent."""
        if time.monotonic() - self._said > _SECONDS_BETWEEN_SIGNS:
            self.send(Alive())
        return self._stop.is_set()


def _listen(connection: Connection, stop: threading.Event) -> None:
    """Listen to the parent: a message means ``stop``; if the parent is gone, end the process."""
    # An ignored signal, such as SIGHUP under nohup, is still pending while it is blocked.
    ends = {number for number in _ENDS if signal.getsignal(number) != signal.SIG_IGN}
    try:
        while not stop.is_set():
            # Signals are blocked; one sent to this process itself means the same as a message.
            if connection.poll(POLL_SECONDS):
                connection.recv()
                stop.set()
            elif ends & signal.sigpending():
                stop.set()
        connection.recv()
    except (EOFError, OSError):
        os._exit(1)
