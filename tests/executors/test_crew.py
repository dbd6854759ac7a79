"""Tests a crew with workers of any kind: a dead worker's cell is retried once, and a stop ends all workers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pytest

from seqbench import Execution
from seqbench.executors.crew import Crew, Run, Said, Workplace
from seqbench.executors.launches import Launch
from seqbench.executors.workers import Died, Done, Progress
from seqbench.jobs.assignment import Assignment
from seqbench.jobs.events import Event, Finished, Progressed, Retried, Started
from seqbench.jobs.executor import Job
from seqbench.records.making import unfinished
from tests.toys import toy_cell

CELLS = [toy_cell(learning_rate=rate) for rate in (0.01, 0.02, 0.03)]


class Scripted(Workplace[str]):
    """Workers that say what they are told to, cell by cell; there is room for two."""

    def __init__(self, *said: Sequence[Said], rooms: int = 2) -> None:
        self.said = [list(each) for each in said]
        self.rooms = rooms
        self.ended: list[bool] = []
        self.is_overdue = False

    @property
    def most(self) -> int:
        return 2

    def start(self, launch: Launch, runs: Sequence[Run[str]]) -> str | None:
        return "a worker" if len(runs) < self.rooms else None

    def hear(self, runs: Sequence[Run[str]], seconds: float) -> Iterator[tuple[Run[str], Said]]:
        for run in list(runs):
            said = self.said[CELLS.index(run.launch.cell)]
            if said:
                yield run, said.pop(0)

    def judge(self, run: Run[str], done: Done) -> Died | None:
        return None

    def stop(self, runs: Sequence[Run[str]]) -> list[Run[str]]:
        return list(runs) if self.is_overdue else []

    def end(self, run: Run[str], *, is_dead: bool = False) -> None:
        self.ended.append(is_dead)


def happening(workplace: Scripted, stopping: Callable[[], bool] = lambda: False) -> list[Event]:
    left = [Assignment(cell, {}) for cell in CELLS]
    job = Job(lambda: left.pop(0) if left else None, 2, Execution(), lambda cell: 0, stopping)
    return list(Crew(job, workplace).events())


def told(events: Sequence[Event]) -> list[tuple[type, int]]:
    return [(type(event), CELLS.index(event.cell)) for event in events]


def done(number: int) -> Done:
    return Done(unfinished(CELLS[number], "ok", "", {}))


def test_no_more_are_taken_than_there_is_room_for_and_one_that_waits_for_memory_begins_later() -> None:
    workplace = Scripted([done(0)], [Progress(1, 0.5, 9.0), done(1)], [done(2)], rooms=1)
    assert told(happening(workplace)) == [
        (Started, 0), (Started, 1), (Finished, 0), (Started, 2), (Progressed, 1), (Finished, 1), (Finished, 2),
    ]  # fmt: skip
    assert workplace.ended == [True, True, True]


def test_worker_that_dies_costs_a_retry_and_then_the_cell_and_a_machine_costs_nothing() -> None:
    events = happening(
        Scripted(
            [Died("x"), Died("y")], [Died("z", of_machine=True), Died("x"), done(1)], [Died("t", of_time=True)]
        )
    )
    kinds = {number: [kind for kind, cell in told(events) if cell == number] for number in range(3)}
    assert kinds == {
        0: [Started, Retried, Started, Finished],
        1: [Started, Retried, Started, Retried, Started, Finished],
        2: [Started, Finished],
    }
    records = {CELLS.index(e.cell): e.record for e in events if isinstance(e, Finished)}
    assert [records[number].status for number in range(3)] == ["failed", "ok", "timeout"]
    assert records[0].reason == "the cell's process died, y; it was run 2 times"


@pytest.mark.parametrize("is_overdue", [False, True])
def test_asked_to_stop_then_none_is_taken_and_those_that_run_end_or_are_ended(is_overdue: bool) -> None:
    workplace = Scripted([done(0)], [Progress(1, 0.5, 9.0), None, None], [done(2)], rooms=1)
    looks = iter(range(100))

    def is_stopping() -> bool:
        # The second cell waits for room when the sweep is stopped.
        workplace.is_overdue = is_overdue
        return next(looks) > 0

    workplace.said[0] = [Progress(1, 0.5, 9.0), Died("late")]
    events = happening(workplace, is_stopping)
    records = {CELLS.index(e.cell): e.record for e in events if isinstance(e, Finished)}
    assert {number: record.status for number, record in records.items()} == {0: "interrupted", 1: "interrupted"}
    assert records[1].reason == "the sweep was stopped before it began"
    late = "it did not end when" if is_overdue else "the cell's process died, late, while the sweep was stopped"
    assert str(records[0].reason).startswith(late)
    assert workplace.ended == [not is_overdue]
