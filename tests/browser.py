"""Opens a page in headless Chromium, from disk, and notes every error and every request."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

# What a browser does of its own accord is turned off: a request that is seen is the page's.
_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@dataclass(frozen=True)
class Visit:
    """A page that was opened.

    Attributes:
        page: to look at and to press on.
        wrongs: what its console and its scripts complained of, dialogs that it opened included.
        requests: every address that it asked for, its own included.
    """

    page: Page
    wrongs: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the system's Chromium, or skip the test where there is none."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("no browser: none of chromium, chromium-browser and google-chrome is on PATH")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(_QUIET))
        yield browser
        browser.close()


@contextmanager
def visit(browser: Browser, file: Path, fragment: str = "", **settings: Any) -> Iterator[Visit]:
    """Open a file in a context of its own.

    Args:
        browser: of `chromium`.
        file: on disk.
        fragment: of its address, with the ``#``.
        settings: of the context, such as ``color_scheme`` and ``viewport``.
    """
    context = browser.new_context(**settings)
    page = context.new_page()
    page.set_default_timeout(10_000)
    seen = Visit(page)
    page.on("console", lambda said: seen.wrongs.append(f"{said.type}: {said.text}"))
    page.on("pageerror", lambda error: seen.wrongs.append(str(error)))
    page.on("request", lambda request: seen.requests.append(request.url))

    def refuse(dialog: Any) -> None:
        seen.wrongs.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    page.on("dialog", refuse)
    page.goto(file.as_uri() + fragment)
    yield seen
    context.close()
