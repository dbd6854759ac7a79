"""Writes the samples of a trained network into files, such as pieces of music, where its task makes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from seqbench.cli.console import say
from seqbench.cli.live_texts import Sample
from seqbench.contracts.task import Symbol, Task
from seqbench.errors import ContractError, ExperimentError
from seqbench.report.formats.output import check_output, write_whole

if TYPE_CHECKING:
    from seqbench.training.writing import Writer


@dataclass(frozen=True)
class SampleFiles:
    """The files that are asked for.

    Attributes:
        names: option -> the file that it names.
        samples: how many samples there are; if several, their numbers are part of the names.
        is_replaced: whether a file that is there already is replaced.
    """

    names: Mapping[str, Path]
    samples: int
    is_replaced: bool

    @staticmethod
    def asked(output: Path | None, wav: Path | None, *, samples: int, is_replaced: bool) -> SampleFiles:
        """Return those of the options.

        Raises:
            UsageError: ``--wav`` names another kind of file, or both name one.
        """
        if wav is not None and wav.suffix.lower() != ".wav":
            raise click.UsageError(f"--wav {wav}: a sound has the ending .wav")
        if output is not None and wav is not None and output.resolve() == wav.resolve():
            raise click.UsageError(f"--output and --wav both name {wav}; leave one of them out, or give two names")
        given = {"--output": output, "--wav": wav}
        names = {option: name for option, name in given.items() if name is not None}
        return SampleFiles(names, samples, is_replaced)

    def check(self, task: Task) -> None:
        """Check before any work is done that they can be written.

        Raises:
            ContractError: the task makes no such files.
            ExperimentError: a file is there already, or cannot be there.
        """
        for option, name in self.names.items():
            if name.suffix.lower() not in task.file_endings:
                known = " or ".join(task.file_endings)
                made = f"give it the ending {known}" if known else "leave it out: its texts stand on stdout"
                kind = name.suffix or "without an ending"
                raise ContractError(f"{option} {name}: the task {task.name} makes no files {kind}; {made}")
            for path in self._paths(name):
                check_output(path, option)
                if path.exists() and not self.is_replaced:
                    raise ExperimentError(f"{path} is there already; --force replaces it, or name another file")

    def try_out(
        self, writer: Writer, prompt: Sequence[Symbol], told: Callable[[], AbstractContextManager[None]]
    ) -> None:
        """Make each kind of file of the prompt alone, so that what is missing is told before anything is written.

        Raises:
            DataError: what makes a file is not installed.
        """
        for name in self.names.values():
            with told():
                writer.file(prompt, name.suffix.lower())

    def write(
        self, writer: Writer, samples: Sequence[Sample], told: Callable[[], AbstractContextManager[None]]
    ) -> None:
        """Write a file of each kind for each sample, its prompt first, and say which on stderr."""
        for name in self.names.values():
            for path, sample in zip(self._paths(name), samples, strict=False):
                with told():
                    content = writer.file([*sample.prompt, *sample.tokens], name.suffix.lower())
                say(f"{write_whole(path, content):,} bytes into {path}")

    def _paths(self, name: Path) -> Iterator[Path]:
        """Yield the file of each sample; several have their numbers, from 1."""
        if self.samples == 1:
            yield name
            return
        yield from (name.with_stem(f"{name.stem}-{number + 1}") for number in range(self.samples))
