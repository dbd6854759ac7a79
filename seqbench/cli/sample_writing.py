"""Writes samples of a trained network to stdout and into files, and tells of them, whatever stops it."""

from __future__ import annotations

import math
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from seqbench.base.counts import counted
from seqbench.cli.console import print_json, print_rows, say, warnings_said
from seqbench.cli.live_texts import Sample, print_live, read_quietly
from seqbench.cli.sample_files import SampleFiles
from seqbench.contracts.task import Symbol, Task
from seqbench.errors import ContractError, DataError, SeqbenchError
from seqbench.plugins.catalog import Catalog
from seqbench.plugins.faults import faults_told, owner

if TYPE_CHECKING:
    from seqbench.decoding.drawing import Drawn
    from seqbench.decoding.sampling import Sampling
    from seqbench.training.load_network import Trained
    from seqbench.training.writing import Writer

Told = Callable[..., AbstractContextManager[None]]
"""Makes the context in which a plugin's code runs, so that its errors are told of the plugin."""


@dataclass(frozen=True)
class SamplesAsked:
    """What is to be written.

    Attributes:
        given: the text to continue.
        tokens: how many to write.
        sampling: how a token is chosen.
        seed: of the random numbers.
        samples: how many texts.
        is_judged: whether the task judges them.
        as_json: whether they are told as JSON, at the end.
    """

    given: str
    tokens: int
    sampling: Sampling
    seed: int
    samples: int
    is_judged: bool
    as_json: bool


def write_samples(asked: SamplesAsked, made: SampleFiles, trained: Trained, catalog: Catalog) -> None:
    """Write the samples that are asked for; what was written stands before what stopped it is raised.

    Raises:
        ContractError: the task cannot continue a text, judge it or make such files, or the model looks ahead.
        DataError: the prompt cannot be read, or the data that samples are judged against are gone.
        KeyboardInterrupt: Ctrl-C stopped it.
    """
    told = partial(_told, trained, catalog)
    writer = _writer(trained, catalog)
    prompt = _ready(asked, made, writer, trained, told)
    found, stopped = _written(asked, writer, prompt, told)
    judged, problem = None, stopped
    if asked.is_judged and stopped is None:
        judged, problem = _judged(trained, found, told)
    with _undisturbed(problem):
        made.write(writer, found, told)
        _tell_speed(trained, found)
        if asked.is_judged and stopped is not None:
            say("the texts were not judged: --score judges them once all are written")
        is_something = any(each.drawn for each in found)
        if asked.as_json and (is_something or problem is None):
            print_json(_content(asked, trained, prompt, found, judged, stopped))
        elif judged is not None:
            _print_judged(judged, trained)
    if problem is not None:
        raise problem


def _ready(asked: SamplesAsked, made: SampleFiles, writer: Writer, trained: Trained, told: Told) -> list[Symbol]:
    """Return the tokens of the prompt, after all checks that need no token to be written."""
    writer.check(asked.sampling)
    _tell_cost(writer, trained)
    if asked.is_judged and type(trained.task).judge is Task.judge:
        raise ContractError(
            f"the task {trained.task.name} does not judge texts (Task.judge), so there is nothing to --score"
        )
    if asked.is_judged:
        _check_source(trained)
    made.check(trained.task)
    prompt = _read(writer, asked.given, told)
    made.try_out(writer, prompt, told)
    return prompt


@contextmanager
def _undisturbed(problem: BaseException | None) -> Iterator[None]:
    """After a Ctrl-C, let no second one cut off the telling of what was written."""
    if not isinstance(problem, KeyboardInterrupt):
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _writer(trained: Trained, catalog: Catalog) -> Writer:
    """Return what continues texts.

    Raises:
        ContractError: the task cannot continue a text, and others can; or the model looks ahead.
    """
    try:
        return trained.writer()
    except ContractError as error:
        if trained.task.can_generate:
            raise ContractError(f"{trained.record.title}: {error}") from error
        others = sorted(name for name, task in catalog.tasks.items() if task.generates())
        raise ContractError(
            f"{error}; tasks that can: {', '.join(others) or 'none of those installed'}"
        ) from error


@contextmanager
def _told(trained: Trained, catalog: Catalog, kind: str = "task") -> Iterator[None]:
    """Tell of what a method of the task raises, or the network of the model, and of nothing else."""
    name = trained.task.name if kind == "task" else trained.record.cell.model.name
    with faults_told(f"{owner(kind, name, catalog.origins)} cannot continue a text"):
        yield


def _read(writer: Writer, prompt: str, told: Told) -> list[Symbol]:
    """Return the tokens of a prompt; warnings of the task, such as of unknown words, are said on stderr."""
    with told(), warnings_said():
        return writer.prompt(prompt)


def _check_source(trained: Trained) -> None:
    """Refuse before anything is written to judge texts against data that are gone or changed.

    Raises:
        DataError: they are.
    """
    try:
        trained.check_source()
    except DataError as error:
        raise DataError(
            f"--score judges texts against the training data: {error}; bring them back, or leave --score out"
        ) from error


def _written(
    asked: SamplesAsked, writer: Writer, prompt: list[Symbol], told: Told
) -> tuple[list[Sample], BaseException | None]:
    """Write the samples, live unless they are told as JSON.

    Returns:
        The samples, the last one up to where it is, and what stopped it, such as Ctrl-C.
    """
    from seqbench.training.one_thread import one_quiet_thread

    def text(tokens: Sequence[Symbol]) -> str:
        with told():
            return writer.text(tokens)

    show = read_quietly if asked.as_json else print_live
    heads = asked.samples if asked.samples > 1 else None
    found: list[Sample] = []
    try:
        with one_quiet_thread():
            for number in range(asked.samples):
                drawn = writer.continued(prompt, asked.sampling, seed=asked.seed, sample=number)
                found.append(Sample(number, tuple(prompt), is_given=bool(asked.given)))
                show(found[-1], _drawn(drawn, told), text, asked.tokens, heads=heads)
    except (KeyboardInterrupt, SeqbenchError) as error:
        with suppress(Exception):
            found[-1].text = writer.text(found[-1].tokens)
        return found, error
    return found, None


def _drawn(drawn: Iterator[Drawn], told: Told) -> Iterator[Drawn]:
    """Yield what the network draws; an error in it is told of its model."""
    while True:
        with told(kind="model"):
            token = next(drawn)
        yield token


def _judged(
    trained: Trained, found: list[Sample], told: Told
) -> tuple[dict[str, float] | None, BaseException | None]:
    """Return the task's scores of all samples, or what stopped it."""
    cell = trained.record.cell
    try:
        with told():
            scores = trained.task.judge([list(each.tokens) for each in found], cell.length, cell.seed)
            return {name: float(value) for name, value in scores.items()}, None
    except (KeyboardInterrupt, SeqbenchError) as error:
        return None, error


def _tell_cost(writer: Writer, trained: Trained) -> None:
    """Say on stderr beforehand why tokens take longer and longer, if they do."""
    from seqbench.decoding.continuing import cost_of

    if cost := cost_of(writer.network):
        say(f"{trained.record.title}: each token takes longer than the one before: {cost}")


def _tell_speed(trained: Trained, found: list[Sample]) -> None:
    """Say on stderr how fast it was, and which weights wrote."""
    tokens, seconds = sum(len(each.tokens) for each in found), sum(each.seconds for each in found)
    speed = f" ({tokens / seconds:,.0f} a second)" if tokens and seconds else ""
    say(f"{counted(tokens, 'token')} in {seconds:.3g} s{speed} by {trained.record.title}, {trained.record.key}")


def _content(
    asked: SamplesAsked,
    trained: Trained,
    prompt: list[Symbol],
    found: list[Sample],
    judged: dict[str, float] | None,
    stopped: BaseException | None,
) -> dict[str, Any]:
    from seqbench.decoding.continuing import cost_of

    settings = {"tokens": asked.tokens, "samples": asked.samples, "seed": asked.seed, **vars(asked.sampling)}
    return {
        "key": trained.record.key,
        "cell": trained.record.title,
        "prompt": asked.given,
        "prompt_tokens": prompt,
        "settings": settings,
        "samples": [each.as_json() for each in found],
        "scores": judged and {name: value if math.isfinite(value) else None for name, value in judged.items()},
        "is_stopped": stopped is not None,
        "slower_with_each_token": cost_of(trained.network),
    }


def _print_judged(judged: dict[str, float], trained: Trained) -> None:
    """Print each score with its meaning; a dash is one for which the texts are too short."""
    meanings = trained.task.judge_meanings
    values = dict.fromkeys(meanings, "-") | {name: f"{value:.4g}" for name, value in judged.items()}
    sys.stdout.write("\n")
    print_rows(
        f"judged by {trained.task.name}",
        ("score", "value", "meaning") if meanings else ("score", "value"),
        [(name, value, meanings.get(name, ""))[: 3 if meanings else 2] for name, value in values.items()],
    )
