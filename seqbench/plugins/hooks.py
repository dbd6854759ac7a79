"""Defines the hooks that a plugin may implement.

Each hook yields objects; nothing is registered by being imported. Imports contracts and jobs only.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import pluggy

from seqbench.contracts.model import Model
from seqbench.contracts.published import Target
from seqbench.contracts.task import Task
from seqbench.jobs.executor import Executor

if TYPE_CHECKING:
    from seqbench.records.schema import Record

GROUP = "seqbench"
"""The entry-point group that plugins declare, and the name of pluggy's project."""

hookspec = pluggy.HookspecMarker(GROUP)
hookimpl = pluggy.HookimplMarker(GROUP)


class Hooks:
    """The specifications; a plugin module implements any of them as plain functions of the same name.

    It may state the version of the contract that it was written for: ``SEQBENCH_CONTRACT = 2``.
    """

    @hookspec
    def seqbench_tasks(self) -> Iterable[type[Task]]:  # type: ignore[empty-body]
        '''Yield task classes.

        A whole plugin, ``seqbench_first.py``, which asks for the first token:

            from dataclasses import dataclass

            from seqbench import Baseline, Metric, SequenceClass, Split, Task, TaskData, Tokens
            from seqbench import generator, hookimpl


            @dataclass(frozen=True)
            class First(Task):
                """Name the first token of the sequence."""

                name = "first"
                version = 1
                symbols: int = 4

                def load(self, length: int, seed: int) -> TaskData:
                    import torch
                    from torchmetrics.classification import MulticlassAccuracy

                    def split(part: str, examples: int) -> Split:
                        rng = generator(seed, self.name, part, length)
                        inputs = torch.randint(self.symbols, (examples, length), generator=rng)
                        return Split(inputs, inputs[:, 0].clone())

                    test = split("test", 256)
                    accuracy = Metric("accuracy", lambda: MulticlassAccuracy(self.symbols, average="micro"))
                    return TaskData(
                        train=split("train", 1024),
                        validation=split("validation", 256),
                        test=test,
                        inputs=Tokens(self.symbols),
                        targets=SequenceClass(self.symbols),
                        metrics=(accuracy,),
                        baselines=(Baseline("guess", {"accuracy": 1 / self.symbols}),),
                        show=lambda i: f"{test.inputs[i].tolist()} -> {int(test.targets[i])}",
                    )


            @hookimpl
            def seqbench_tasks():
                yield First
        '''

    @hookspec
    def seqbench_models(self) -> Iterable[type[Model]]:  # type: ignore[empty-body]
        '''Yield model classes.

        A whole plugin, ``seqbench_elman.py``:

            from dataclasses import dataclass

            from seqbench import Model, hookimpl


            @dataclass(frozen=True)
            class Elman(Model):
                """Elman network (Elman 1990)."""

                name = "elman"
                version = 1
                hidden_size: int = 32

                def build(self, input_size: int):
                    from torch import nn

                    return nn.RNN(input_size, self.hidden_size, batch_first=True)


            @hookimpl
            def seqbench_models():
                yield Elman
        '''

    @hookspec
    def seqbench_suites(self) -> Iterable[Path]:  # type: ignore[empty-body]
        """Yield the YAML files of experiments that ship with the plugin; the file's stem is the suite's name.

        A whole plugin, ``seqbench_mysuites/__init__.py`` with ``tiny.yaml`` beside it:

            from pathlib import Path

            from seqbench import hookimpl


            @hookimpl
            def seqbench_suites():
                yield Path(__file__).with_name("tiny.yaml")
        """

    @hookspec
    def seqbench_executors(self) -> Iterable[type[Executor]]:  # type: ignore[empty-body]
        '''Yield executor classes, which run cells on further kinds of machines.

        `Executor` defines the interface, and `run_assignment` runs one cell in any process. A whole plugin,
        ``seqbench_here.py``, that runs cells in the process of the sweep, one after the other:

            from seqbench import Executor, Finished, Started, check_assignment, hookimpl, run_assignment


            class Here(Executor):
                """Runs cells in this process: ``seqbench run --executor here``."""

                name = "here"

                def run(self, job):
                    while not job.stopping() and (assignment := job.take()) is not None:
                        yield Started(assignment.cell)
                        record = run_assignment(assignment, None, job.stopping, owns_process=False)
                        yield Finished(assignment.cell, record)

                def check(self, assignments, settings, workers):
                    for assignment in assignments:
                        problem = check_assignment(assignment, owns_process=False)
                        if problem is not None:
                            yield problem


            @hookimpl
            def seqbench_executors():
                yield Here
        '''

    @hookspec
    def seqbench_targets(self) -> Iterable[Target]:  # type: ignore[empty-body]
        """Yield targets: numbers, published as a rule, and what is to meet them (`seqbench targets`).

        A whole plugin, ``seqbench_mytargets.py``:

            from seqbench import AtLeast, PublishedIn, Target, TrainedScore, hookimpl


            @hookimpl
            def seqbench_targets():
                yield Target(
                    name="example-parity-rnn",
                    claim="an Elman network keeps the parity of 40 bits",
                    number=1.0,
                    metric="accuracy",
                    source=PublishedIn(
                        paper="Example 2020",
                        place="table 1, row RNN",
                        reference="@misc{example2020, title = {An Example}, year = {2020}}",
                    ),
                    tolerance=AtLeast(0.01, "one of a hundred trainings in the paper failed"),
                    measured_by=TrainedScore(
                        experiment={
                            "tasks": ["state-tracking"],
                            "models": ["rnn"],
                            "lengths": [40],
                            "parameters": {"state-tracking": {"group": "Z2"}},
                        },
                        metric="last_accuracy",
                    ),
                )
        """

    @hookspec
    def seqbench_cell_finished(self, record: Record) -> None:
        """Watch a sweep: called in the process of the sweep with each record, after it was written.

        The return value is ignored, and an exception becomes a warning and never ends a sweep. A whole plugin,
        ``seqbench_chime.py``:

            from seqbench import hookimpl


            @hookimpl
            def seqbench_cell_finished(record):
                with open("chime.log", "a") as file:
                    file.write(f"{record.key} {record.status}\\n")
        """
