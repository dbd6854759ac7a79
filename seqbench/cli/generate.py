"""Writes texts with a trained network, live: ``seqbench generate``."""

from __future__ import annotations

import math
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from seqbench.base.counts import counted
from seqbench.cli.cell_options import cell_options, folder_argument, load_cell
from seqbench.cli.console import print_json, print_rows, say, warnings_said
from seqbench.cli.live_texts import Sample, print_live, read_quietly
from seqbench.cli.plugin_files import load_plugins, plugin_files
from seqbench.cli.sample_files import SampleFiles
from seqbench.contracts.task import Symbol, Task
from seqbench.errors import ContractError, DataError, ExperimentError, SeqbenchError
from seqbench.plugins.catalog import Catalog
from seqbench.plugins.faults import faults_told, owner
from seqbench.records.wanted import Wanted

if TYPE_CHECKING:
    from seqbench.decoding.drawing import Drawn
    from seqbench.decoding.sampling import Sampling
    from seqbench.training.load_network import Trained
    from seqbench.training.writing import Writer


@click.command()
@folder_argument
@click.option("--prompt", help="The beginning of the text, or of music: a MIDI file; default: none.")
@click.option("--prompt-file", type=click.File(encoding="utf-8"), help="A file with it; - for stdin.")
@click.option(
    "--tokens", type=click.IntRange(1, 100_000_000), default=200, show_default=True, help="How many to write."
)
@click.option(
    "--temperature",
    type=click.FloatRange(min=0),
    help="Divides the scores: below 1 likely tokens become likelier; 0 is --greedy.  [default: 1]",
)
@click.option("--top-k", type=click.IntRange(min=1), help="Draw from so many of the most probable tokens.")
@click.option(
    "--top-p",
    type=click.FloatRange(min=0, max=1, min_open=True),
    default=1.0,
    help="Draw from the most probable tokens that have this probability together.",
)
@click.option("--greedy", is_flag=True, help="Take the most probable token each time.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the random numbers.")
@click.option("--samples", type=click.IntRange(min=1), default=1, show_default=True, help="How many texts.")
@click.option("--score", is_flag=True, help="Judge the texts as the task does, e.g. what they copy.")
@click.option("--output", type=click.Path(path_type=Path), help="A file of what is written, such as piece.mid.")
@click.option("--wav", type=click.Path(path_type=Path), help="A file to listen to, of music.")
@click.option("--force", is_flag=True, help="Replace existing files.")
@cell_options()
@plugin_files
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout, at the end.")
def command(
    folder: Path,
    prompt: str | None,
    prompt_file: TextIO | None,
    tokens: int,
    temperature: float | None,
    top_k: int | None,
    top_p: float,
    greedy: bool,
    seed: int,
    samples: int,
    score: bool,
    output: Path | None,
    wav: Path | None,
    force: bool,
    task: str | None,
    model: str | None,
    length: int | None,
    cell_seed: int | None,
    key: str | None,
    files: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Write texts, or music, with a trained network, token by token.

    DIR is a folder of results of `seqbench run --keep-weights`. Where several cells have weights, say which one
    with --task, --model, --length, --cell-seed or --key. The same seed gives the same texts, however many are
    written. Ctrl-C keeps what was written.
    """
    given = _prompt(prompt, prompt_file)
    is_greedy = _is_greedy(greedy, temperature, samples)
    sampling = _sampling(0.0 if is_greedy else 1.0 if temperature is None else temperature, top_k, top_p)
    made = SampleFiles.asked(output, wav, samples=samples, is_replaced=force)
    catalog = load_plugins(files)
    wanted = Wanted(task=task, model=model, length=length, seed=cell_seed, key=key)
    trained = load_cell(folder, wanted, catalog)
    writer = _writer(trained, catalog)
    writer.check(sampling)
    _tell_cost(writer, trained)
    if score and type(trained.task).judge is Task.judge:
        raise ContractError(
            f"the task {trained.task.name} does not judge texts (Task.judge), so there is nothing to --score"
        )
    if score:
        _check_source(trained)
    made.check(trained.task)
    told = partial(_told, trained, catalog)
    tokens_given = _read(writer, given, told)
    made.try_out(writer, tokens_given, told)
    shown = None if as_json else given
    found, stopped = _written(writer, tokens_given, tokens, sampling, seed, samples, told, shown=shown)
    judged, problem = None, stopped
    if score and stopped is None:
        judged, problem = _judged(trained, found, told)
    with _undisturbed(problem):
        made.write(writer, found, told)
        _tell_speed(trained, found)
        if score and stopped is not None:
            say("the texts were not judged: --score judges them once all are written")
        is_something = any(each.drawn for each in found)
        if as_json and (is_something or problem is None):
            settings = {"tokens": tokens, "samples": samples, "seed": seed, **vars(sampling)}
            content = _content(trained, given, tokens_given, settings, found, judged, stopped)
            print_json(content)
        elif judged is not None:
            _print_judged(judged, trained)
    # What was written stands before what stopped it.
    if problem is not None:
        raise problem


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


def _sampling(temperature: float, top_k: int | None, top_p: float) -> Sampling:
    from seqbench.decoding.sampling import Sampling

    try:
        return Sampling(temperature=temperature, top_k=top_k, top_p=top_p)
    except ExperimentError as error:
        raise click.UsageError(f"--{str(error).replace('_', '-')}") from error


def _prompt(prompt: str | None, file: TextIO | None) -> str:
    """Return the text to continue; the last line end of a file is left out."""
    if prompt is not None and file is not None:
        raise click.UsageError("--prompt and --prompt-file are both given: give one of them")
    if file is None:
        return prompt or ""
    try:
        return file.read().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError as error:
        raise click.UsageError(f"--prompt-file {file.name} is not UTF-8 text: {error.reason}") from error


def _is_greedy(greedy: bool, temperature: float | None, samples: int) -> bool:
    if greedy and temperature:
        raise click.UsageError(
            f"--greedy and --temperature {temperature:g} contradict each other: give one of them"
        )
    if (greedy or temperature == 0) and samples > 1:
        raise click.UsageError(
            f"greedily there is one text, and --samples asks for {samples}; leave one of them out"
        )
    return greedy or temperature == 0


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


def _read(writer: Writer, prompt: str, told: Callable[[], AbstractContextManager[None]]) -> list[Symbol]:
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
    writer: Writer,
    prompt: list[Symbol],
    tokens: int,
    sampling: Sampling,
    seed: int,
    samples: int,
    told: Callable[..., AbstractContextManager[None]],
    *,
    shown: str | None,
) -> tuple[list[Sample], BaseException | None]:
    """Write the samples, live if the prompt is to be shown.

    Returns:
        The samples, the last one up to where it is, and what stopped it, such as Ctrl-C.
    """
    from seqbench.training.one_thread import one_quiet_thread

    def text(tokens: Sequence[Symbol]) -> str:
        with told():
            return writer.text(tokens)

    show = read_quietly if shown is None else print_live
    found: list[Sample] = []
    try:
        with one_quiet_thread():
            for number in range(samples):
                drawn = writer.continued(prompt, sampling, seed=seed, sample=number)
                found.append(Sample(number, tuple(prompt), is_given=bool(shown)))
                show(found[-1], _drawn(drawn, told), text, tokens, heads=samples if samples > 1 else None)
    except (KeyboardInterrupt, SeqbenchError) as error:
        with suppress(Exception):
            found[-1].text = writer.text(found[-1].tokens)
        return found, error
    return found, None


def _drawn(drawn: Iterator[Drawn], told: Callable[..., AbstractContextManager[None]]) -> Iterator[Drawn]:
    """Yield what the network draws; an error in it is told of its model."""
    while True:
        with told(kind="model"):
            token = next(drawn)
        yield token


def _judged(
    trained: Trained, found: list[Sample], told: Callable[[], AbstractContextManager[None]]
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
    trained: Trained,
    prompt: str,
    prompt_tokens: list[Symbol],
    settings: dict[str, Any],
    found: list[Sample],
    judged: dict[str, float] | None,
    stopped: BaseException | None,
) -> dict[str, Any]:
    from seqbench.decoding.continuing import cost_of

    return {
        "key": trained.record.key,
        "cell": trained.record.title,
        "prompt": prompt,
        "prompt_tokens": prompt_tokens,
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
