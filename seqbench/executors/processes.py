"""How do cells run side by side, each in a fresh process?

Processes are forked from a server that imported torch and Lightning once: 0.1 s for each instead of 4 s. A
process that dies costs its cell one retry, never the sweep. One thread each: two threads on two busy cores
are many times slower than one.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerProcess
from typing import Any

from seqbench.execution import Assignment, Event, Executor, Finished, Job, Progressed, Retried, Started
from seqbench.executors.work import check_assignment, run_assignment
from seqbench.experiment import Execution
from seqbench.plugins import load_catalog
from seqbench.records import Record, unfinished

PRELOAD = ["torch", "pytorch_lightning", "seqbench.training"]
ATTEMPTS = 2
_SECONDS_TO_END = 5.0


@dataclass
class _Worker:
    """One running process."""

    assignment: Assignment
    process: ForkServerProcess
    connection: Connection
    attempt: int


class Processes(Executor):
    """Runs each cell in a fresh process, several side by side."""

    name = "processes"

    def run(self, job: Job) -> Generator[Event]:
        """Yield what happens until every cell has finished.

        Closing the iterator ends the processes that still run.
        """
        again: deque[tuple[Assignment, int]] = deque()
        running: dict[int, _Worker] = {}
        try:
            while True:
                while len(running) < job.workers and (taken := _next(again, job)) is not None:
                    worker = _start(*taken, _train)
                    running[worker.connection.fileno()] = worker
                    yield Started(worker.assignment.cell)
                if not running:
                    return
                for connection in wait([worker.connection for worker in running.values()]):
                    assert isinstance(connection, Connection)
                    worker = running[connection.fileno()]
                    event = _next_event(worker)
                    if isinstance(event, Finished | Retried):
                        del running[connection.fileno()]
                        _end(worker)
                    if isinstance(event, Retried):
                        again.append((worker.assignment, worker.attempt + 1))
                    yield event
        finally:
            for worker in running.values():
                _end(worker)

    def check(self, assignments: Sequence[Assignment], settings: Execution, workers: int) -> Iterator[str]:
        """Load the data of every cell and yield what is wrong with them, in the order of the cells."""
        for start in range(0, len(assignments), workers):
            started = [_start(assignment, 1, _check) for assignment in assignments[start : start + workers]]
            try:
                for worker in started:
                    problem = _received(worker)
                    if isinstance(problem, str):
                        yield problem
                    elif problem is None:
                        yield f"{worker.assignment.cell}: the process that loads the data died, {_exit(worker)}"
            finally:
                for worker in started:
                    _end(worker)


def _next(again: deque[tuple[Assignment, int]], job: Job) -> tuple[Assignment, int] | None:
    if again:
        return again.popleft()
    taken = None if job.stopping() else job.take()
    return None if taken is None else (taken, 1)


def _start(assignment: Assignment, attempt: int, target: Callable[[Connection, Assignment], None]) -> _Worker:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOAD)
    receiving, sending = context.Pipe(duplex=False)
    with _main_hidden(), _one_thread_each(), _interrupts_wait():
        process = context.Process(
            target=target, args=(sending, assignment), daemon=True, name=f"seqbench {assignment.cell}"
        )
        process.start()
    sending.close()
    return _Worker(assignment, process, receiving, attempt)


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
def _one_thread_each() -> Iterator[None]:
    """Give the server, when it starts, an environment in which torch takes one thread."""
    before = os.environ.get("OMP_NUM_THREADS")
    os.environ["OMP_NUM_THREADS"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["OMP_NUM_THREADS"]
        else:
            os.environ["OMP_NUM_THREADS"] = before


@contextmanager
def _interrupts_wait() -> Iterator[None]:
    """Hold Ctrl-C back while a process starts: it is for the parent, which gets it when the block ends.

    The server is started with it blocked for good, so that it prints no traceback out of its imports.
    """
    # It unblocks signals when it starts, so it has to be there before.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _next_event(worker: _Worker) -> Event:
    received, assignment = _received(worker), worker.assignment
    if isinstance(received, tuple):
        return Progressed(assignment.cell, *received)
    if isinstance(received, Record):
        return Finished(assignment.cell, received)
    reason = f"the cell's process died, {_exit(worker)}"
    if worker.attempt < ATTEMPTS:
        return Retried(assignment.cell, reason)
    reason = f"{reason}; it was run {ATTEMPTS} times"
    catalog = load_catalog(assignment.plugins)
    return Finished(
        assignment.cell, unfinished(assignment.cell, "failed", reason, assignment.environment, catalog)
    )


def _received(worker: _Worker) -> Any:
    try:
        return worker.connection.recv()
    except (EOFError, OSError, pickle.UnpicklingError):
        # The process died before, or in the middle of, what it had to say.
        return None


def _exit(worker: _Worker) -> str:
    worker.process.join(_SECONDS_TO_END)
    code = worker.process.exitcode
    if code is not None and code < 0:
        return f"by signal {signal.Signals(-code).name}" + (" (out of memory?)" if code == -signal.SIGKILL else "")
    return f"with exit status {code}"


def _end(worker: _Worker) -> None:
    worker.connection.close()
    worker.process.join(0.2)
    if worker.process.is_alive():
        worker.process.terminate()
        worker.process.join(_SECONDS_TO_END)
    if worker.process.is_alive():
        worker.process.kill()
        worker.process.join()


def _train(sending: Connection, assignment: Assignment) -> None:
    """Run in the process: train one cell and send its progress and its record."""
    _leave_interrupts_to_the_parent()
    _send(sending, run_assignment(assignment, lambda *told: _send(sending, told), lambda: False))


def _send(sending: Connection, message: Any) -> None:
    """Tell the parent; where it has gone, there is nobody to run for and nobody to tell of it."""
    try:
        sending.send(message)
    except OSError:
        os._exit(1)


def _check(sending: Connection, assignment: Assignment) -> None:
    """Run in the process: load the data of one cell; send what is wrong with them, or False."""
    _leave_interrupts_to_the_parent()
    try:
        problem = check_assignment(assignment)
    except Exception:
        # A plugin's own fault is a failed cell with a traceback, not bad input.
        problem = None
    _send(sending, problem or False)


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
