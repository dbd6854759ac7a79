"""Defines the metrics of words and of transcripts, and baselines that know little of what they hear."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from seqbench_stepwise.scores import accuracy, loss, mean

from seqbench import UNSCORED, Baseline, Batch, Metric, Ragged, Split, Transcript, evaluate
from seqbench_speech.symbols import Symbols
from seqbench_speech.transcripts import transcripts

if TYPE_CHECKING:
    import torchmetrics
    from torch import Generator, Tensor


def word_metrics(words: int) -> tuple[Metric, ...]:
    """Return accuracy and the cross entropy in nats."""
    return accuracy(words), loss()


def word_baselines(train: Split, test: Split, words: int) -> tuple[Baseline, ...]:
    """Score the shares of the training words, and a guess."""
    import torch

    labels = train.targets.long()  # type: ignore[union-attr]
    logits = ((torch.bincount(labels, minlength=words) + 1e-9) / len(labels)).log()
    shares = evaluate(word_metrics(words), test, lambda batch: logits.expand(len(batch.targets), words))
    return (
        Baseline("majority word", shares),
        Baseline("guess", {"accuracy": 1 / words, "loss": math.log(words)}),
    )


def transcript_metrics(symbols: Symbols, beams: int) -> tuple[Metric, ...]:
    """Return the error rate of words read off the best path, the loss, and the error rate by a beam.

    Errors and words are summed over all utterances, so that an utterance weighs as many words as it has. An empty
    guess costs each word of its reference; no reference is empty.

    Args:
        symbols: of the transcripts.
        beams: prefixes of the beam search; with 1 there is none.
    """
    found = (_error_rate("word_error_rate", symbols, 1), _alignment_loss())
    return (*found, _error_rate("beam_word_error_rate", symbols, beams)) if beams > 1 else found


def transcript_baselines(train: Split, test: Split, symbols: Symbols, rng: Generator) -> tuple[Baseline, ...]:
    """Score equal probabilities, which write nothing, and transcripts that know the number of frames at most.

    The commonest symbol is written once, or as often as training writes symbols in so many frames; as often are
    symbols drawn by their shares in training.
    """
    import torch

    kind, metrics = Transcript(len(symbols.names)), transcript_metrics(symbols, 1)
    if not isinstance(train.targets, Ragged):
        raise TypeError("transcripts differ in length")
    written = train.targets.values
    shares = torch.bincount(written, minlength=len(symbols.names)).double()
    pace = len(written) / int(train.lengths.sum())

    def says(draw: Callable[[int], Tensor]) -> Callable[[Batch], Tensor]:
        def answer(batch: Batch) -> Tensor:
            rows = [draw(max(1, round(pace * steps))) for steps in batch.lengths.tolist()]
            return kind.perfect(
                batch._replace(targets=Ragged.from_rows(rows).take(torch.arange(len(rows)), UNSCORED))
            )

        return answer

    def once(count: int) -> Tensor:
        return shares.argmax()[None]

    def commonest(count: int) -> Tensor:
        return shares.argmax().repeat(count)

    def drawn(count: int) -> Tensor:
        return torch.multinomial(shares, count, replacement=True, generator=rng)

    uniform = torch.zeros(kind.head_size).log_softmax(0)
    silent = evaluate(metrics, test, lambda batch: uniform.expand(*batch.inputs.shape[:2], -1), targets=kind)
    unit = symbols.unit
    written_by = {f"commonest {unit} once": once, f"commonest {unit}": commonest, f"random {unit}s": drawn}
    return (
        Baseline("nothing written", silent),
        *(
            Baseline(name, evaluate(metrics[:1], test, says(draw), targets=kind))
            for name, draw in written_by.items()
        ),
    )


def error_rate(guesses: Sequence[str], references: Sequence[str]) -> float:
    """Return the errors of all guesses over the words of all references."""
    from torchmetrics.functional.text import word_error_rate

    return float(word_error_rate(list(guesses), list(references)))


def texts_of(rows: Ragged, symbols: Symbols) -> list[str]:
    """Return the texts of rows of symbols."""
    numbers = rows.values.tolist()
    return [symbols.text(numbers[begin:end]) for begin, end in pairwise(rows.offsets.tolist())]


def _error_rate(name: str, symbols: Symbols, beams: int) -> Metric:
    def make() -> torchmetrics.Metric:
        from torchmetrics.text import WordErrorRate

        return WordErrorRate()

    def texts(outputs: Tensor, batch: Batch) -> Any:
        references = [[symbol for symbol in row if symbol != UNSCORED] for row in batch.targets.tolist()]
        guesses = transcripts(outputs, batch.lengths, beams)
        return [symbols.text(row) for row in guesses], [symbols.text(row) for row in references]

    return Metric(name, make, best=0.0, is_higher_better=False, prepare=texts)


def _alignment_loss() -> Metric:
    """Return the mean loss of an utterance: minus ln of the probability of all its alignments, in nats."""

    def losses(outputs: Tensor, batch: Batch) -> tuple[Tensor]:
        from torch.nn.functional import ctc_loss

        found = ctc_loss(
            outputs.double().cpu().transpose(0, 1),
            1 + batch.targets.cpu().clamp(min=0),
            batch.lengths.cpu(),
            (batch.targets != UNSCORED).sum(1).cpu(),
            reduction="none",
        )
        return (found.to(outputs.device),)

    return Metric("loss", mean, best=0.0, is_higher_better=False, prepare=losses)
