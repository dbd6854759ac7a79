"""Writes records as a page: one HTML file that needs no network and no other file.

The template, the styles and the scripts are in ``templates/``; all texts of records are escaped there.
The same records give the same bytes. jinja2 is imported when a page is rendered.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from seqbench.records.curves import CurvesOf, curves_of
from seqbench.records.schema import Record
from seqbench.records.variants import natural
from seqbench.report.charts import lines as charts
from seqbench.report.charts.canvas import SMALL, WIDE
from seqbench.report.document import report_of
from seqbench.report.findings import Findings, findings
from seqbench.report.page.answer import answer
from seqbench.report.page.charts import cost_charts, skill_charts
from seqbench.report.page.details import Packer
from seqbench.report.page.gradients import gradient_charts, norm_lines
from seqbench.report.page.groups import groups
from seqbench.report.page.overview import overview, summary_line
from seqbench.report.page.rows import rows
from seqbench.report.page.texts import script_json, shown
from seqbench.report.page.trials import looks_of_models, search_charts
from seqbench.report.tables.remarks import warnings_of
from seqbench.report.tables.usable_networks import divided_lines
from seqbench.report.tuning import Tried

if TYPE_CHECKING:
    from jinja2 import Environment

STYLES = ("base.css", "chart.css", "page.css", "answer.css")
SCRIPTS = ("theme.js", "legend.js", "rows.js", "fold.js", "curves.js", "save.js", "cell.js")
_SAVES = "save.js"
"""The script that draws a picture of the page itself, which a policy has to allow."""


def html_page(
    records: Iterable[Record],
    *,
    curves: CurvesOf = curves_of,
    title: str = "seqbench report",
    tried: Sequence[Tried] = (),
) -> str:
    """Return the page of these records.

    Args:
        records: those of one store, or of several merged with `read_records`.
        curves: returns the curves of a record; for records without curves, which are read with `read_light`. It is
            called once for each record, so that few curves are in memory at a time.
        title: its heading.
        tried: the searches that chose settings.
    """
    known = findings(sorted(records, key=lambda record: record.key), tried)
    found = groups(known.records, known.names)
    look_of = charts.looks(sorted(set(known.names.models.values()), key=natural))
    leaderboard = rows(found, look_of)
    standings = overview(known.seen, look_of)
    packer = Packer(known.names, look_of, len(known.records), len(leaderboard))
    norms = {}
    for group in found:
        own = [curves(record) for record in group.records]
        norms[group.task, group.model, group.length] = norm_lines(own)
        packer.add(group, own)
    return render(
        "page.html.j2",
        styles=STYLES,
        scripts=SCRIPTS,
        title=title,
        told=summary_line(known.records, found),
        looks=look_of,
        legend=known.names.legend,
        legend_title=known.names.legend_title,
        answer=answer(known.seen, found, look_of, [line.model for line in standings.lines]),
        small=SMALL,
        overview=standings,
        unordered=sorted({each.task for each in known.seen if not each.is_longer_harder}, key=natural),
        divided=divided_lines(known.seen),
        warnings=warnings_of(known.records, known.names),
        rows=leaderboard,
        tasks=list(dict.fromkeys(row.task for row in leaderboard)),
        lengths=sorted({row.length for row in leaderboard}),
        outcomes=sorted({row.outcome for row in leaderboard}),
        skill=skill_charts(found, look_of),
        gradients=gradient_charts(found, look_of, norms),
        costs=cost_charts(found, look_of),
        searches=search_charts(known.tried, looks_of_models(known.tried, _tuned_names(known), look_of)),
        search_problems=[said for each in known.tried for said in each.problems],
        document=report_of(known),
        details=packer.packed(),
    )


def _tuned_names(known: Findings) -> dict[str, str]:
    """Return model, as searches name it -> the name of its tuned cells."""
    return {
        record.cell.model.titled: known.names.models[record.key]
        for record in known.records
        if record.tuned is not None
    }


def render(template: str, *, styles: Sequence[str], scripts: Sequence[str], **values: Any) -> str:
    """Return a page from a template, with its styles and scripts inside it.

    The page's Content-Security-Policy lists each of them by its hash: nothing else runs, and nothing is fetched.

    Args:
        template: its file in ``templates/``.
        styles, scripts: their files there, in order.
        values: the variables of the template; a missing one is an error.
    """
    jinja = _environment()
    css = "".join(_source(jinja, name) for name in styles)
    code = [_source(jinja, name) for name in scripts]
    policy = {
        "default-src": ["'none'"],
        "style-src": [_hash(css)],
        "script-src": [_hash(script) for script in code],
        **({"img-src": ["data:"]} if _SAVES in scripts else {}),
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
    }
    return jinja.get_template(template).render(
        css=_markup(css),
        code=[_markup(script) for script in code],
        policy="; ".join(f"{name} {' '.join(sources)}" for name, sources in policy.items()),
        canvas=WIDE,
        **values,
    )


def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    jinja = Environment(
        finalize=shown,
        loader=PackageLoader("seqbench.report.page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    jinja.filters["data"] = _data
    return jinja


def _data(value: Any) -> str:
    return _markup(script_json(value))


def _source(jinja: Environment, name: str) -> str:
    if jinja.loader is None:
        raise LookupError(name)
    return jinja.loader.get_source(jinja, name)[0]


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _markup(text: str) -> str:
    from markupsafe import Markup

    return Markup(text)
