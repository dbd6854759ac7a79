"""Writes the board as GitHub's Markdown tables for a README, with a footer that says how it was made."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from seqbench.base.machines import class_text, hardware_text
from seqbench.base.printable import one_line
from seqbench.board.bundle.manifest import Manifest
from seqbench.board.check.portable_bits import portable_bits
from seqbench.board.site.merge import Entered, PublicBoard
from seqbench.board.site.standings import CHOICE, Standings, standings
from seqbench.report.formats.markdown import escaped
from seqbench.report.page.rows import run_on


def to_markdown(
    board: PublicBoard, words: Sequence[str], picture: Path | None = None, output: Path | None = None
) -> str:
    """Return the board as Markdown.

    Args:
        board: the board.
        words: the command that makes this text.
        picture: a picture to show, if given.
        output: the path of the text, for the relative address of the picture.
    """
    blocks = ["# Results", *_intro()]
    if picture is not None:
        where = os.path.relpath(picture.absolute(), (output or picture).absolute().parent)
        blocks.append(f"![Skill against length, each task and model]({Path(where).as_posix()})")
    for suite in map(standings, board.suites):
        blocks += _suite(suite)
    if board.refused:
        blocks += ["## Refused", _list(f"{each.file}: {'; '.join(each.reasons)}" for each in board.refused)]
    blocks += ["---", "Made by", f"```sh\n{shlex.join(words)}\n```"]
    return "\n\n".join(blocks) + "\n"


def _intro() -> Iterator[str]:
    yield (
        "Each field: mean skill over all lengths, then the usable length. Skill is 0 at a task's baseline and 1"
        " for perfection; in brackets its 95% interval over seeds, which a single seed (n = 1) does not have."
        " Usable length: the largest up to which mean skill is at least 0.5. Mean rank: 1 is the best, over all"
        " tasks, lengths and seeds, with the 95% interval over tasks."
    )


def _suite(suite: Standings) -> Iterator[str]:
    tasks = suite.overview.tasks
    yield f"## {escaped(suite.suite.grid.name)}"
    rows = [["model", "status", "mean rank", *tasks]]
    for line in suite.overview.lines:
        model = suite.models[line.model]
        fields = [line.model, ", ".join(model.badges), f"{line.rank} ({line.rank_note})"]
        for task, usable in zip(tasks, line.usable, strict=True):
            skill = suite.skill(line.model, task)
            reach = "" if usable.text == skill.text else f", usable: {usable.text}"
            fields.append(f"{skill.text}{f' ({skill.note})' if skill.note else ''}{reach}")
        rows.append(fields)
    yield _table(rows) if suite.models else "No cell is shown: all are disputed."
    if tuned := [line.model for line in suite.overview.lines if suite.models[line.model].choice]:
        yield escaped(f"{', '.join(tuned)}: {CHOICE}, since a bundle holds no trials.")
    if suite.suite.conflicts:
        yield "Cells that bundles tell differently:"
        yield _list(f"{c.cell}: {c.told}; shown: {c.shown or 'none'}" for c in suite.suite.conflicts)
    if suite.suite.notes:
        yield "Cells that other kinds of machines tell otherwise, as they may:"
        yield _list(suite.suite.notes)
    yield _list(_bundle(each) for each in suite.suite.entered)


def _bundle(each: Entered) -> str:
    manifest, receipt = each.submission.manifest, each.receipt
    again = (
        f"of {len(receipt.cells)} cells that were run again: {receipt.counted()}"
        if receipt
        else "no cell was run again"
    )
    return (
        f"{each.file}: {manifest.about.name}, {len(each.submission.records)} cells"
        f"{', partial' if manifest.is_partial else ''}, {manifest.about.licence}, {manifest.about.contact};"
        f" run on {_where(each)}, by {_made_by(manifest)},"
        f" with plugins of {', '.join(manifest.plugins) or 'a distribution that is not named'}; {again}"
    )


def _where(each: Entered) -> str:
    """Return the processors and GPUs that computed a bundle, and which others give its bits."""
    if portable_bits(each.submission.records)[0] == "passed":
        return f"{'; '.join(run_on(each.submission.records))} (portable: meant for any x86-64 processor)"
    found = {_with_class(environment) for environment in each.submission.manifest.environments}
    return "; ".join(sorted(found))


def _with_class(environment: Mapping[str, Any]) -> str:
    hardware, told = hardware_text(environment), class_text(environment)
    # Of a class that was not recorded, the name of the processor is all that is told.
    return one_line(told if told.startswith(hardware) else f"{hardware}, {told}")


def _made_by(manifest: Manifest) -> str:
    """Return the source revisions of seqbench that made the records."""
    found = sorted({str(each["git_revision"])[:12] for each in manifest.environments if each.get("git_revision")})
    return f"seqbench {manifest.seqbench} at {', '.join(found) or 'a revision that is not recorded'}"


def _table(rows: Sequence[Sequence[str]]) -> str:
    head, *body = ([escaped(field) for field in row] for row in rows)
    lines = [head, ["---"] * len(head), *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {escaped(line)}" for line in lines)
