"""Writes the files of the public board: pages, data and badges; the same bundles give the same bytes.

Every page is self-contained and asks no server for anything; everything from a bundle is escaped.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Sequence
from typing import Any

from seqbench import __version__
from seqbench.board.site.badge import badge
from seqbench.board.site.merge import Entered, PublicBoard
from seqbench.board.site.standings import OnBoard, Standings, standings
from seqbench.records.variants import legend, legend_title
from seqbench.report.commands import commands
from seqbench.report.formats.data import content, to_csv
from seqbench.report.page.charts import cost_charts, skill_charts
from seqbench.report.page.gradients import gradient_charts
from seqbench.report.page.page import render
from seqbench.report.page.rows import rows

STYLES = ("base.css", "chart.css", "page.css", "board.css")
SCRIPTS = ("theme.js", "legend.js", "rows.js")


def site_files(board: PublicBoard, title: str) -> dict[str, bytes]:
    """Return path -> content of every file of the board.

    Args:
        board: the board, with its refused bundles.
        title: its heading.
    """
    suites = [standings(suite) for suite in board.suites]
    files = {".nojekyll": "", "index.html": _index(board, suites, title)}
    for suite in suites:
        files |= dict(_of_suite(suite, board, title))
    return {name: text.encode() for name, text in sorted(files.items())}


def _index(board: PublicBoard, suites: Sequence[Standings], title: str) -> str:
    return _page(
        "board_index.html.j2",
        title,
        title=title,
        suites=suites,
        legends=[(legend_title(suite.suite.records), legend(suite.suite.records)) for suite in suites],
        refused=board.refused,
    )


def _of_suite(suite: Standings, board: PublicBoard, title: str) -> Iterator[tuple[str, str]]:
    name = suite.suite.grid.name
    for model in suite.models.values():
        yield f"models/{name}/{model.slug}.html", _model_page(suite, model, title)
        yield f"badges/{name}/{model.slug}.svg", badge(suite, model)
    for task in suite.overview.tasks:
        yield f"tasks/{name}/{suite.slugs[task]}.html", _task_page(suite, task, title)
    yield f"data/{name}.csv", to_csv(suite.suite.records)
    yield f"data/{name}.json", _data(suite, board)


def _model_page(suite: Standings, model: OnBoard, title: str) -> str:
    own = [group for group in suite.groups if group.model == model.name]
    return _page(
        "board_model.html.j2",
        title,
        suite=suite,
        model=model,
        line=next(line for line in suite.overview.lines if line.model == model.name),
        rows=rows(own, suite.look_of),
        skill_charts=skill_charts(own, suite.look_of),
        verifies=[_verify(each) for each in model.entered],
        commands=commands(model.records),
        conflicts=[each for each in suite.suite.conflicts if any(each.key == key for key in _keys(model, suite))],
    )


def _verify(entered: Entered) -> str:
    """Return the command that runs all cells of a bundle again."""
    records = entered.submission.records
    files = sorted(
        {plugin.file for each in records for plugin in (each.cell.task, each.cell.model) if plugin.file}
    )
    plugins = [word for file in files for word in ("--plugin", file)]
    return shlex.join(["seqbench", "board", "verify", entered.file, "--cells", str(len(records)), *plugins])


def _keys(model: OnBoard, suite: Standings) -> set[str]:
    return set(suite.suite.grid.all_of(model.records))


def _task_page(suite: Standings, task: str, title: str) -> str:
    own = [group for group in suite.groups if group.task == task]
    return _page(
        "board_task.html.j2",
        title,
        suite=suite,
        task=task,
        rows=rows(own, suite.look_of),
        skill_charts=skill_charts(own, suite.look_of),
        gradients=gradient_charts(own, suite.look_of),
        costs=cost_charts(own, suite.look_of),
    )


def _page(template: str, board: str, **values: Any) -> str:
    return render(template, styles=STYLES, scripts=SCRIPTS, board=board, version=__version__, **values)


def _data(suite: Standings, board: PublicBoard) -> str:
    told = {
        "schema_version": 1,
        "suite": {"name": suite.suite.grid.name, "sha256": suite.suite.grid.sha256},
        "submissions": [
            {
                "file": each.file,
                "id": each.submission.id,
                **each.submission.manifest.model_dump(mode="json", exclude={"files", "schema_version"}),
                "receipt": each.receipt.model_dump(mode="json") if each.receipt else None,
                "keys": sorted(record.key for record in each.submission.records),
            }
            for each in suite.suite.entered
        ],
        "models": [_model(model) for model in suite.models.values()],
        "conflicts": [
            {"key": c.key, "cell": c.cell, "told": c.told, "shown": c.shown} for c in suite.suite.conflicts
        ],
        "notes": list(suite.suite.notes),
        "refused": [{"file": each.file, "reasons": list(each.reasons)} for each in board.refused],
        **content(suite.suite.records),
    }
    return json.dumps(told, allow_nan=False, indent=1) + "\n"


def _model(model: OnBoard) -> dict[str, Any]:
    return {
        "name": model.name,
        "slug": model.slug,
        "used": model.used.model_dump(mode="json", exclude={"changed"}),
        "files": [each.file for each in model.entered],
        "badges": list(model.badges),
        "same_bits_anywhere": list(model.bits),
        "run_on": list(model.run_on),
        "told": model.told,
        "lost": list(model.lost),
        "keys": sorted(record.key for record in model.records),
    }
