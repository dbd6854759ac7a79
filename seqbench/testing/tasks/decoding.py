"""Checks that rows for decoding have a prefix and a reference, and read as the model will write them."""

from __future__ import annotations

import torch

from seqbench.contracts.examples import UNSCORED, Batch
from seqbench.contracts.task import Task, TaskData
from seqbench.errors import ContractError
from seqbench.testing.outcome import CheckFailed, CheckSkipped
from seqbench.testing.tasks.loads import batches, splits_of


def check_decoding(task: Task, data: TaskData, length: int) -> None:
    """Where a model writes by itself, each row has a prefix and a reference, and reads what it was to write."""
    if data.decoding is None:
        raise CheckSkipped("the task has no Decoding: no model writes by itself")
    for part, split in splits_of(data).items():
        for number, batch in enumerate(batches(split, 1024)):
            try:
                given = data.decoding.prompts(batch)
            except ContractError as error:
                raise CheckFailed(
                    f"each row of the {part} split has a prefix, and a reference that can be written",
                    str(error),
                    "correct the rows, or the Decoding",
                ) from error
            _check_written_back(batch, given.lengths, f"of the {part} split", 1024 * number)


def _check_written_back(batch: Batch, given: torch.Tensor, where: str, first: int) -> None:
    """Refuse a row in which an input is not the target before it: decoding feeds written tokens back."""
    steps = torch.arange(batch.inputs.shape[1])[None]
    is_last, is_after = steps + 1 == batch.lengths[:, None], steps >= given[:, None] - 1
    is_read = is_after & (steps + 1 < batch.lengths[:, None])
    following = batch.inputs.roll(-1, 1)
    is_wrong = (is_read & (batch.targets != following)) | (is_after & is_last & (batch.targets == UNSCORED))
    if bool(is_wrong.any()):
        row, step = is_wrong.nonzero()[0].tolist()
        raise CheckFailed(
            "from the end of its prefix on a row is teacher-forced: each step is asked for the token that is the"
            " input of the next step, and the last one for what ends the row",
            f"example {first + row} {where} asks for {int(batch.targets[row, step])} at step {step}, and the next"
            f" input is {int(following[row, step]) if step + 1 < int(batch.lengths[row]) else 'not there'}",
            "shift targets and inputs by one step; a model reads what it wrote when it goes on by itself",
        )
