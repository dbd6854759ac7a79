"""Scores a network batch by batch: its outputs for whole rows, the tokens that it generates, and a stream."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch

from seqbench.contracts.decoding import Decoding
from seqbench.contracts.examples import Batch, Ragged, Split
from seqbench.contracts.finite import KEPT, NotFinite
from seqbench.contracts.metrics import Meters, Metric
from seqbench.contracts.task import TaskData
from seqbench.data.batches import EvaluationBatches
from seqbench.decoding.decode import decode
from seqbench.network.network import Network
from seqbench.training.streaming import streamed, why_not_streamed

MOST_DECODED = 256
"""Largest number of examples that one validation decodes."""


class NetworkScores:
    """Scores a network; it is run only as the metrics need it.

    Args:
        network: in evaluation mode when a batch comes.
        metrics: of the task.
        decoding: how it generates tokens; None if no metric needs them.
        by_example: whether to keep what each example adds, for `standard_errors`.

    Attributes:
        not_finite: the scored outputs, and the scores of tokens to write, that were not finite.
        unknown: metric -> why it has no score although the outputs were finite; metrics of a stream only.
    """

    def __init__(
        self,
        network: Network,
        metrics: Sequence[Metric],
        decoding: Decoding | None = None,
        *,
        by_example: bool = False,
    ) -> None:
        self._network = network
        self._names = [metric.name for metric in metrics]
        self._of_outputs = [metric for metric in metrics if metric.of == "outputs"]
        self._outputs = Meters(self._of_outputs, network.targets, by_example=by_example)
        decoded = [metric for metric in metrics if metric.of == "decoded"]
        self._decoded = Meters(decoded, decoding=decoding, by_example=by_example)
        self._decoding = decoding if decoded else None
        self._not_finite = NotFinite()
        of_stream = [metric for metric in metrics if metric.of == "stream"]
        self._stream = Meters(of_stream, network.targets)
        self._of_stream = [metric.name for metric in of_stream]
        self.unknown = dict.fromkeys(self._of_stream, "the text was not read as a stream")

    @property
    def not_finite(self) -> NotFinite:
        """The outputs that were not finite, or if there are none, the scores of written tokens."""
        return self._outputs.not_finite if self._outputs.not_finite.outputs else self._not_finite

    def update(self, batch: Batch) -> None:
        """Score one more batch of whole rows."""
        if self._of_outputs:
            self._outputs.update(self._network(batch), batch)
        if self._decoding is not None:
            written = decode(self._network, self._decoding.prompts(batch), self._decoding)
            self._not_finite = _together(self._not_finite, written.not_finite)
            self._decoded.update(written.tokens, batch)

    def read_stream(self, stream: Split | None, before_each: Callable[[int], None]) -> None:
        """Score a text that is read as one, if a metric asks for that and the layer can.

        Args:
            stream: the text; None if no metric asks for one.
            before_each: called with the number of each piece.
        """
        if not self._of_stream or stream is None or self.not_finite.outputs:
            return
        why = why_not_streamed(self._network)
        if why is None:
            for outputs, batch in streamed(self._network, stream, before_each):
                self._stream.update(outputs, batch)
            bad = self._stream.not_finite
            why = f"{bad.outputs:,} of the outputs for the stream were not finite" if bad.outputs else None
        self.unknown = {} if why is None else dict.fromkeys(self._of_stream, why)

    def scores(self) -> dict[str, float]:
        """Return metric -> score; NaN if it is unknown, and for all metrics if something was not finite."""
        if self.not_finite.outputs:
            return dict.fromkeys(self._names, float("nan"))
        of_stream = dict.fromkeys(self.unknown, float("nan")) if self.unknown else self._stream.scores()
        found = self._outputs.scores() | self._decoded.scores() | of_stream
        return {name: found[name] for name in self._names}

    def standard_errors(self) -> dict[str, float]:
        """Return metric -> standard error over draws of the examples; empty if something was not finite."""
        if self.not_finite.outputs:
            return {}
        return self._outputs.standard_errors() | self._decoded.standard_errors()


def validation_scores(
    network: Network, metrics: Sequence[Metric], decoding: Decoding | None, *, by_example: bool = False
) -> NetworkScores:
    """Return the scores for validation: the primary metric only, and always decoded greedily.

    A beam search takes as many times longer as it has hypotheses, and validation is frequent.
    """
    greedy = None if decoding is None else replace(decoding, beams=1)
    return NetworkScores(network, metrics[:1], greedy, by_example=by_example)


def validation_batches(data: TaskData) -> tuple[EvaluationBatches, list[int]]:
    """Return the batches for validation, and the numbers of their examples in order.

    They hold every example of the validation split. If the primary metric scores decoded tokens, they hold at most
    MOST_DECODED of them, evenly spread, so that the same network always gets the same score.
    """
    split, rows = data.validation, torch.arange(len(data.validation))
    if data.metrics[0].of == "decoded" and len(split) > MOST_DECODED:
        rows = rows[torch.linspace(0, len(split) - 1, MOST_DECODED, dtype=torch.float64).long()]
        split = Split(_rows(split.inputs, rows), _rows(split.targets, rows))
    batches = EvaluationBatches(split, data.targets.outputs_per_step)
    return batches, rows[batches.order].tolist()


def _rows(held: torch.Tensor | Ragged, rows: torch.Tensor) -> torch.Tensor | Ragged:
    if not isinstance(held, Ragged):
        return held[rows]
    return Ragged.from_rows([held.values[held.offsets[row] : held.offsets[row + 1]] for row in rows.tolist()])


def _together(before: NotFinite, batch: NotFinite) -> NotFinite:
    """Return the non-finite outputs of the batches before and of one more."""
    first = (*before.first, *((before.examples + row, step) for row, step in batch.first))
    return NotFinite(
        before.outputs + batch.outputs,
        before.scored + batch.scored,
        before.examples + batch.examples,
        first[:KEPT],
    )
