"""Calls the package cogscale, which makes the data, and refuses another version of it than the one known here."""

from __future__ import annotations

import importlib
import importlib.metadata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from seqbench import DataError

KNOWN = "0.2.0"
"""The version of cogscale whose data these tasks are; the version of the tasks rises with it."""

MOST_NUMBERS = 2**27
"""Largest number of inputs that are made, 1 GiB as the package has them, unless a difficulty itself has more."""

PARTS = {"train": "train", "validation": "valid", "test": "test"}
"""Split -> its name in the package."""


@dataclass(frozen=True)
class Preset:
    """What the package makes for a task at one difficulty.

    Attributes:
        make: its function, from parameters to arrays; -100 stands at targets that are not scored.
        values: its parameters, without the seed.
    """

    make: Callable[..., Mapping[str, Any]]
    values: Mapping[str, Any]

    def made(self, changes: Mapping[str, Any], seed: int | None = None) -> Mapping[str, Any]:
        """Call the function.

        Raises:
            DataError: it refuses these parameters.
        """
        try:
            return self.make(**{**self.values, **changes}, seed=seed)
        except (ValueError, IndexError) as error:
            asked = ", ".join(f"{name}={value}" for name, value in changes.items())
            raise DataError(f"cogscale makes no such data ({asked}): {error}; take another length") from error


def preset(name: str, difficulty: str) -> Preset:
    """Return what the package makes for a task.

    Raises:
        DataError: cogscale is not installed, or in another version.
    """
    check_installed()
    evals = importlib.import_module("cogscale.evals")

    found = {"small": evals.cogscale_small, "medium": evals.cogscale_medium, "large": evals.cogscale_large}
    told = found[difficulty][name]
    # The package writes the seed of its last call into its own table.
    values = {key: value for key, value in told["params"].items() if key != "seed"}
    return Preset(told["fct"], values)


def check_installed() -> None:
    """Refuse to go on without the known version of cogscale.

    Raises:
        DataError: there is none, or another one.
    """
    try:
        version = importlib.metadata.version("cogscale")
    except importlib.metadata.PackageNotFoundError as error:
        raise DataError(
            f"the data of this task are made by cogscale, which is not installed: pip install cogscale=={KNOWN}"
        ) from error
    if version != KNOWN:
        raise DataError(
            f"cogscale {version} is installed, and may make other data than {KNOWN}: pip install cogscale=={KNOWN}"
        )


def examples_within(preset: Preset, changes: Mapping[str, Any]) -> dict[str, int]:
    """Return how many examples of each split are made, by their names in the package.

    They are those of the difficulty, or fewer in the same proportion where they would hold more than
    `MOST_NUMBERS` and more than the difficulty itself does.
    """
    named = {f"n_{part}": int(preset.values[f"n_{part}"]) for part in PARTS.values()}
    alone = {name: int(name == "n_train") for name in named}
    row = preset.made({**changes, **alone}, seed=0)["X_train"].size
    own = preset.made(alone, seed=0)["X_train"].size
    most = max(MOST_NUMBERS, own * sum(named.values()))
    share = min(1.0, most / (row * sum(named.values())))
    return {name: max(1, int(share * examples)) for name, examples in named.items()}
