"""Mends two things in Sphinx's pages that readers without a mouse or a screen need.

A caption of the contents is a heading with a level, and a block of code that scrolls is reached with the keyboard.
"""

from __future__ import annotations

from sphinx.application import Sphinx

MENDED = {'role="heading">': 'role="heading" aria-level="2">', "<pre>": '<pre tabindex="0">'}
PARTS = ("body", "furo_navigation_tree")
"""The parts of a page, in the words of its template."""


def setup(app: Sphinx) -> dict[str, bool]:
    """Mend each page after the theme has made its parts."""
    app.connect("html-page-context", _mend, priority=900)
    return {"parallel_read_safe": True}


def _mend(app: Sphinx, page: str, template: str, parts: dict[str, object], doctree: object) -> None:
    for name in PARTS:
        if isinstance(html := parts.get(name), str):
            parts[name] = mended(html)


def mended(html: str) -> str:
    """Return a part of a page, mended.

    >>> mended('<p class="caption" role="heading"><span>Start</span></p>')
    '<p class="caption" role="heading" aria-level="2"><span>Start</span></p>'
    """
    for found, instead in MENDED.items():
        html = html.replace(found, instead)
    return html
