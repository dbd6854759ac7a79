"""Builds the site: the docs, and in it the board and the page of the published records.

    python -m benchmarks.site OUT

Needs the extra `docs` and no network. A warning of Sphinx is an error. `sphinx-build -W -b html docs OUT` builds
the docs alone, and their start page links neither board nor page.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
PUBLISHED = ROOT / "results" / "published"
PAGE_OF = "standard"
"""The published suite whose page is shown."""
PAGE = f"report-{PAGE_OF}.html"
"""Its name in the site; docs/ has a page that is named as the suite."""


def main() -> None:
    """Build the site."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="the site's folder")
    for command in commands(parser.parse_args().out.absolute()):
        subprocess.run([sys.executable, "-m", *command], check=True, cwd=ROOT)


def commands(out: Path) -> Iterator[Sequence[str]]:
    """Yield what builds the site, each as a module and its arguments."""
    yield "sphinx", "-W", "--keep-going", "-q", "-t", "site", "-b", "html", "docs", str(out)
    yield "seqbench", "board", "build", str(PUBLISHED), "--output", str(out / "board")
    yield "seqbench", "report", str(PUBLISHED / PAGE_OF), "--format", "html", "--output", str(out / PAGE)


if __name__ == "__main__":
    main()
