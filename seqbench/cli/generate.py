"""Writes texts with a trained network, live: ``seqbench generate``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from seqbench.cli.cell_options import cell_options, folder_argument, load_cell
from seqbench.cli.plugin_files import load_plugins, plugin_files
from seqbench.cli.sample_files import SampleFiles
from seqbench.cli.sample_writing import SamplesAsked, write_samples
from seqbench.errors import ExperimentError
from seqbench.records.wanted import Wanted

if TYPE_CHECKING:
    from seqbench.decoding.sampling import Sampling


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
    given, heat = _prompt(prompt, prompt_file), _temperature(temperature, samples, is_greedy=greedy)
    sampling = _sampling(heat, top_k, top_p)
    asked = SamplesAsked(given, tokens, sampling, seed, samples, is_judged=score, as_json=as_json)
    made = SampleFiles.asked(output, wav, samples=samples, is_replaced=force)
    catalog = load_plugins(files)
    wanted = Wanted(task=task, model=model, length=length, seed=cell_seed, key=key)
    write_samples(asked, made, load_cell(folder, wanted, catalog), catalog)


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


def _temperature(given: float | None, samples: int, *, is_greedy: bool) -> float:
    if is_greedy and given:
        raise click.UsageError(f"--greedy and --temperature {given:g} contradict each other: give one of them")
    found = 0.0 if is_greedy else 1.0 if given is None else given
    if not found and samples > 1:
        raise click.UsageError(
            f"greedily there is one text, and --samples asks for {samples}; leave one of them out"
        )
    return found


def _sampling(temperature: float, top_k: int | None, top_p: float) -> Sampling:
    from seqbench.decoding.sampling import Sampling

    try:
        return Sampling(temperature=temperature, top_k=top_k, top_p=top_p)
    except ExperimentError as error:
        raise click.UsageError(f"--{str(error).replace('_', '-')}") from error
