"""Makes, checks, verifies, shows and publishes submissions to a leaderboard: ``seqbench board``."""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection
from pathlib import Path

import click

from seqbench.cli.board_lines import known_receipt, print_findings, print_receipt, tell
from seqbench.cli.console import print_json
from seqbench.cli.exit_status import CHECK_FAILED
from seqbench.cli.plugin_files import load_plugins, plugin_files


def _seeds(ctx: click.Context, option: click.Parameter, value: int) -> int:
    if value in (1, 2):
        raise click.BadParameter("an interval needs 3 seeds or more; 0 is for none", ctx, option)
    return value


def _suite_of(folder: Path, suites: Collection[str]) -> str:
    """Return the suite that a folder of results is called after."""
    from seqbench.records.layout import no_results
    from seqbench.records.store import Store

    name = folder.resolve().name
    if name in suites:
        return name
    if next(Store(folder).each(), None) is None:
        raise click.UsageError(no_results(folder))
    raise click.UsageError(f"which suite is {folder}? Give --suite, one of {', '.join(suites)}")


@click.group(name="board")
def command() -> None:
    """Make, check, verify, show and publish submissions to a leaderboard."""


@command.command(name="bundle")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--name", required=True, help="Of the submission, for a person.")
@click.option("--licence", "--license", required=True, help="Of the records, an SPDX identifier: CC-BY-4.0, ...")
@click.option("--contact", required=True, help="Who answers for it, say an e-mail or web address; it is public.")
@click.option("--description", default="", help="What was run, and why.")
@click.option("--suite", help="The suite; by default the one that DIR is called after.")
@click.option(
    "--model",
    "models",
    multiple=True,
    metavar="NAME",
    help="Only this model or label; may be repeated.",
)
@click.option("--partial", "is_partial", is_flag=True, help="Cells may be missing; the board says so.")
@click.option("--output", type=click.Path(path_type=Path), help="The zip; by default named after --name.")
@plugin_files
def bundle_(
    folder: Path,
    name: str,
    licence: str,
    contact: str,
    description: str,
    suite: str | None,
    models: tuple[str, ...],
    is_partial: bool,
    files: tuple[Path, ...],
    output: Path | None,
) -> None:
    """Make a bundle from a folder of results.

    It is one zip of the records in DIR that are cells of a suite. The same records give the same bytes.
    Whatever `seqbench board check` would refuse is refused here.
    """
    from seqbench.board.bundle.manifest import about
    from seqbench.board.make import bundle
    from seqbench.report.formats.output import check_output, write_whole

    told = about(name, description, licence, contact)
    output = output or Path(f"{re.sub(r'[^a-z0-9]+', '-', name.lower()).strip('-') or 'bundle'}.zip")
    if output.suffix != ".zip":
        raise click.UsageError(f"--output {output}: a bundle's name ends in .zip")
    check_output(output)
    catalog = load_plugins(files)
    chosen = suite or _suite_of(folder, catalog.suites)
    made = bundle(folder, chosen, told, catalog, models=models, is_partial=is_partial)
    size, found = write_whole(output, made.content), made.submission
    words = f"cells of {chosen}: {len(found.records)}, models: {len(found.manifest.models)}"
    click.echo(
        f"wrote {output} ({size} bytes, {words}{', partial' if found.manifest.is_partial else ''})", err=True
    )
    if made.left_out:
        click.echo(f"left out, as not asked for: {made.left_out} of the records", err=True)
    click.echo(
        "its records tell the machine, the versions, and the paths in tracebacks; look before it is sent", err=True
    )


@command.command(name="check")
@click.argument("bundles", metavar="BUNDLE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout.")
@plugin_files
@click.pass_context
def check_(ctx: click.Context, bundles: tuple[Path, ...], files: tuple[Path, ...], as_json: bool) -> None:
    """Check that bundles keep the rules.

    One line for each rule; status 4 if one is broken. Nothing is unpacked to disk, and nothing in a bundle is run:
    its data, metrics and baselines are compared with the installed tasks.
    """
    from dataclasses import asdict

    from seqbench.board.check.check import check_file
    from seqbench.board.check.installed import Installed

    catalog = load_plugins(files)
    installed = Installed(catalog)
    found = {path: check_file(path, catalog, installed) for path in bundles}
    if as_json:
        told = [
            {
                "bundle": str(path),
                "ok": each.submission is not None,
                "findings": [asdict(f) for f in each.findings],
            }
            for path, each in found.items()
        ]
        print_json({"bundles": told})
    else:
        for path, each in found.items():
            print_findings(path, each)
    ctx.exit(0 if all(each.submission for each in found.values()) else CHECK_FAILED)


@command.command(name="verify")
@click.argument("path", metavar="BUNDLE", type=click.Path(path_type=Path))
@click.option("--cells", default=5, show_default=True, type=click.IntRange(min=1), help="How many are run again.")
@click.option("--seed", type=click.IntRange(min=0), help="By which they are drawn; by default nobody can know it.")
@click.option(
    "--seeds",
    default=0,
    metavar="K",
    callback=_seeds,
    type=click.IntRange(min=0),
    help="Also run K further seeds, 3 or more, of cells whose scores another processor leaves open.",
)
@click.option("--jobs", type=click.IntRange(min=1), help="Cells at a time; one for each core by default.")
@click.option(
    "--allow-layer",
    "allowed",
    multiple=True,
    metavar="PATH",
    help="Run cells that name this class too, such as ncps.torch:CfC; its package must be installed. Repeatable.",
)
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout.")
@plugin_files
@click.pass_context
def verify_(
    ctx: click.Context,
    path: Path,
    cells: int,
    seed: int | None,
    seeds: int,
    jobs: int | None,
    allowed: tuple[str, ...],
    files: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Run some cells of a bundle again.

    The bundle is checked, and everything that it claims of those cells is compared, bit by bit on the same kind
    of processor with the same versions. On another one a trained score cannot be compared, which is reported and
    is not a failure; status 4 if anything differs. Cells that name code of other packages are left out, unless
    --allow-layer names it. `seqbench board build` shows the receipt, NAME.verified.json
    beside the bundle; one that confirms more cells is kept, unless a cell differs.
    """
    from seqbench.base.printable import printable
    from seqbench.board.check.check import check_file
    from seqbench.board.verify.receipt import path_beside, why_kept
    from seqbench.board.verify.verify import draw, runner, verify_cells
    from seqbench.experiment.schema import Execution
    from seqbench.report.formats.output import check_output, write_whole

    catalog = load_plugins(files)
    checked = check_file(path, catalog)
    submission = checked.verifiable
    if submission is None:
        print_findings(path, checked)
        ctx.exit(CHECK_FAILED)
    receipt_path = path_beside(path)
    check_output(receipt_path)
    known = known_receipt(path, submission.id, cells)
    seed = secrets.randbelow(2**32) if seed is None else seed
    drawn = draw(submission, cells, seed, catalog, allowed)
    for why in drawn.left_out:
        click.echo(f"cannot be run here: {printable(why)}", err=True)
    click.echo(f"running {len(drawn.records)} of {drawn.out_of} cells again, drawn with --seed {seed}", err=True)
    receipt = verify_cells(
        submission, drawn, seed, catalog, runner(catalog, Execution(jobs=jobs), tell), seeds=seeds
    )
    kept = why_kept(known, receipt)
    if not kept:
        write_whole(receipt_path, receipt.to_json())
    print_receipt(receipt, receipt_path, seeds, why_kept=kept, as_json=as_json)
    ctx.exit(CHECK_FAILED if receipt.is_contradicted else 0)


@command.command(name="build")
@click.argument("folder", metavar="FOLDER_OF_BUNDLES", type=click.Path(path_type=Path))
@click.option("--output", required=True, type=click.Path(path_type=Path), help="Folder of the site.")
@click.option("--title", default="seqbench board", show_default=True, help="Of the board.")
@plugin_files
def build_(folder: Path, output: Path, files: tuple[Path, ...], title: str) -> None:
    """Make the public board from bundles.

    It is a folder of pages, data and badges that any web server can serve. A bundle that breaks a rule is
    listed with the reason and never merged. The same bundles give the same bytes. The folder is written whole or
    not at all, and replaces only a board that nobody has changed.
    """
    from seqbench.base.printable import printable
    from seqbench.board.bundle.folder import check_folder, write_folder
    from seqbench.board.site.merge import read_board
    from seqbench.board.site.site import site_files

    check_folder(output)
    board = read_board(folder, load_plugins(files))
    pages = site_files(board, title)
    size = write_folder(output, pages)
    entered = sum(len(suite.entered) for suite in board.suites)
    click.echo(f"wrote {output} ({len(pages)} files, {size} bytes) from {entered} bundles", err=True)
    for refused in board.refused:
        click.echo(f"refused: {printable(refused.file)}: {printable(refused.reasons[0])}", err=True)


@command.command(name="table")
@click.argument("folder", metavar="FOLDER_OF_BUNDLES", type=click.Path(path_type=Path))
@click.option("--output", type=click.Path(path_type=Path), help="A Markdown file; default: stdout.")
@click.option(
    "--picture",
    type=click.Path(path_type=Path),
    help="Also write skill against length, of the suite of the most cells, to this .svg.",
)
@plugin_files
def table_(folder: Path, output: Path | None, files: tuple[Path, ...], picture: Path | None) -> None:
    """Print the board as Markdown.

    For a README; its footer shows the command that makes it. The suite of the
    most cells comes first.
    """
    from seqbench.board.site.markdown import to_markdown
    from seqbench.board.site.merge import read_board
    from seqbench.board.site.picture import picture as drawn
    from seqbench.report.formats.output import check_output, write_whole

    if picture is not None and picture.suffix != ".svg":
        raise click.UsageError(f"--picture {picture}: it is written as .svg")
    for path in filter(None, (output, picture)):
        check_output(path)
    board = read_board(folder, load_plugins(files))
    words = ["seqbench", "board", "table", str(folder)]
    words += [
        word
        for option, path in (("--output", output), ("--picture", picture))
        if path
        for word in (option, str(path))
    ]
    text = to_markdown(board, words, picture, output)
    if picture is not None:
        click.echo(f"wrote {picture} ({write_whole(picture, drawn(board))} bytes)", err=True)
    if output is None:
        click.echo(text, nl=False)
    else:
        click.echo(f"wrote {output} ({write_whole(output, text)} bytes)", err=True)


@command.command(name="publish")
@click.argument("source", metavar="BUNDLE_OR_SITE", type=click.Path(path_type=Path))
@click.option(
    "--to", "target", required=True, metavar="hub:USER/REPO", help="Where it goes, on the Hugging Face hub."
)
@click.option("--message", default=None, help="Of the commit.")
@click.option("--private", is_flag=True, help="Make the repository private, where it is new.")
@click.option("--yes", "is_sent", is_flag=True, help="Send it; without this, print what would be sent.")
@plugin_files
def publish_(
    source: Path, target: str, message: str | None, private: bool, files: tuple[Path, ...], is_sent: bool
) -> None:
    """Upload a bundle or a site to the hub.

    Without --yes it prints what would be sent to the Hugging Face hub, and sends nothing. A bundle goes to a
    data set, a site to a static Space. Sending needs a token (`hf auth login`, or HF_TOKEN).
    """
    from seqbench.board.site.publish import plan_upload, send

    upload = plan_upload(source, target, load_plugins(files), message=message, is_private=private)
    for line in upload.lines():
        click.echo(line)
    if not is_sent:
        click.echo("nothing was sent: this was a dry run; give --yes to send it")
        return
    click.echo(f"sent: {send(upload)}")
