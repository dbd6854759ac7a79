"""Holds the options that choose cells, the same for the benchmarks of the harness and of the bare loop."""

from __future__ import annotations

import argparse
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """A grid of cells, and how each is trained. Attributes are the options of `read_settings`."""

    tasks: tuple[str, ...]
    models: tuple[str, ...]
    lengths: tuple[int, ...]
    steps: int
    validate_every: int
    batch_size: int
    hidden_size: int
    learning_rate: float
    threads: int
    flush_denormal: bool

    def experiment(self) -> dict[str, object]:
        """Return the same cells as an experiment of the harness."""
        return {
            "tasks": list(self.tasks),
            "models": list(self.models),
            "lengths": list(self.lengths),
            "seeds": [0],
            "training": {
                "steps": self.steps,
                "validate_every": self.validate_every,
                "batch_size": self.batch_size,
                "learning_rate": self.learning_rate,
            },
            "parameters": {model: {"hidden_size": self.hidden_size} for model in self.models},
        }


def read_settings(description: str | None) -> Settings:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", type=_names, default=("adding",))
    parser.add_argument("--models", type=_names, default=("lstm",))
    parser.add_argument("--lengths", type=_numbers, default=(256,))
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--validate-every", type=int, default=100)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--hidden-size", type=int, default=128)
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--threads", type=int, default=1, help="of the bare loop; 0: as torch has it")
    parser.add_argument("--flush-denormal", action="store_true", help="in the bare loop; the harness always does")
    return Settings(**vars(parser.parse_args()))


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split(","))


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in text.split(","))
