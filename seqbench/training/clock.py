"""Times a training: the seconds that a cell has taken in all its attempts, and when each of its steps ended."""

from __future__ import annotations

import time
from typing import Any

SECONDS_BETWEEN_LOOKS = 0.5
"""Time between two readings of numbers from the device in training: each reading waits for a GPU."""


class Clock:
    """The time of one cell, without loading its data; a resumed attempt continues the count.

    Attributes:
        step_ends: `seconds` at the end of each optimiser step.
        trained_after: `seconds` at the end of the training; None before.
    """

    def __init__(self) -> None:
        self.step_ends: list[float] = []
        self.trained_after: float | None = None
        self._started = time.perf_counter()
        self._last_look = 0.0

    @property
    def seconds(self) -> float:
        """Seconds that the cell has taken, all attempts together."""
        return time.perf_counter() - self._started

    @property
    def steps_taken(self) -> int:
        """Optimiser steps taken, all attempts together."""
        return len(self.step_ends)

    @property
    def steps_per_second(self) -> float:
        """Mean over all steps taken, validations included; at least one was taken."""
        return self.steps_taken / self.step_ends[-1]

    def end_step(self) -> None:
        """Note that an optimiser step has ended."""
        self.step_ends.append(self.seconds)

    def end_training(self) -> None:
        """Note that the training has ended; the last call counts."""
        self.trained_after = self.seconds

    def is_time_to_look(self) -> bool:
        """Say whether the last look is long enough before the last step's end; if so, start the next interval."""
        is_due = self.step_ends[-1] - self._last_look > SECONDS_BETWEEN_LOOKS
        if is_due:
            self._last_look = self.step_ends[-1]
        return is_due

    def state(self) -> dict[str, Any]:
        """Return the state that `restore` takes."""
        return {"step_ends": list(self.step_ends), "trained_after": self.trained_after, "seconds": self.seconds}

    def restore(self, state: dict[str, Any]) -> None:
        """Restore a state."""
        self.step_ends, self.trained_after = state["step_ends"], state["trained_after"]
        self._started = time.perf_counter() - state["seconds"]
        self._last_look = state["seconds"]
