"""Writes records as a page: one HTML file that needs no network and no other file.

The template, the styles and the scripts are in ``templates/``; all texts of records are escaped there.
The same records give the same bytes. jinja2 is imported when a page is rendered.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from seqbench.base.printable import printable
from seqbench.records.schema import Record
from seqbench.records.variants import legend, legend_title, model_names, natural
from seqbench.report.charts import lines as charts
from seqbench.report.commands import command
from seqbench.report.document import whole_report
from seqbench.report.observations import observations
from seqbench.report.page.cells import cells
from seqbench.report.page.charts import cost_charts, skill_charts
from seqbench.report.page.gradients import gradient_charts
from seqbench.report.page.groups import groups
from seqbench.report.page.overview import overview, summary_line
from seqbench.report.page.rows import rows
from seqbench.report.tables.remarks import warnings_of

if TYPE_CHECKING:
    from jinja2 import Environment

STYLES = ("base.css", "chart.css", "page.css")
SCRIPTS = ("theme.js", "legend.js", "rows.js", "curves.js", "cell.js")


def html_page(records: Iterable[Record], *, title: str = "seqbench report") -> str:
    """Return the page of these records.

    Args:
        records: those of one store, or of several merged with `read_records`.
        title: its heading.
    """
    kept = sorted(records, key=lambda record: record.key)
    seen = observations(kept)
    look_of = charts.looks(sorted(set(model_names(kept).values()), key=natural))
    found = groups(kept)
    leaderboard = rows(found, look_of)
    return render(
        "page.html.j2",
        styles=STYLES,
        scripts=SCRIPTS,
        title=title,
        told=summary_line(kept, found),
        looks=look_of,
        legend=legend(kept),
        legend_title=legend_title(kept),
        overview=overview(seen, look_of),
        unordered=sorted({each.task for each in seen if not each.is_longer_harder}, key=natural),
        warnings=warnings_of(kept),
        rows=leaderboard,
        tasks=list(dict.fromkeys(row.task for row in leaderboard)),
        lengths=sorted({row.length for row in leaderboard}),
        outcomes=sorted({row.outcome for row in leaderboard}),
        skill=skill_charts(found, look_of),
        gradients=gradient_charts(found, look_of),
        costs=cost_charts(found, look_of),
        document=whole_report(kept),
        cells=cells(kept, look_of, command, len(leaderboard)),
    )


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
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
    }
    return jinja.get_template(template).render(
        css=_markup(css),
        code=[_markup(script) for script in code],
        policy="; ".join(f"{name} {' '.join(sources)}" for name, sources in policy.items()),
        canvas={"left": charts.LEFT, "right": charts.RIGHT, "top": charts.TOP, "bottom": charts.BOTTOM},
        **values,
    )


def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    jinja = Environment(
        finalize=_shown,
        loader=PackageLoader("seqbench.report.page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    jinja.filters["data"] = _data
    return jinja


def _shown(value: Any) -> Any:
    """Return a value for a page: in texts, control and hidden characters are spelled out, except line ends."""
    from markupsafe import Markup

    if isinstance(value, Mapping):
        return {_shown(name): _shown(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_shown(inner) for inner in value]
    return printable(value, keep="\n\t") if isinstance(value, str) and not isinstance(value, Markup) else value


def _data(value: Any) -> str:
    """Return JSON that is safe inside a script element, whatever its strings contain."""
    text = json.dumps(_shown(value), allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    return _markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))


def _source(jinja: Environment, name: str) -> str:
    if jinja.loader is None:
        raise LookupError(name)
    return jinja.loader.get_source(jinja, name)[0]


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _markup(text: str) -> str:
    from markupsafe import Markup

    return Markup(text)
