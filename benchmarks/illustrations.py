"""Makes all figures of the tutorial, all notebooks, and the picture of the house anew, one after the other.

    python -m benchmarks.illustrations

Commands and files are told as they come, and the wall time of each part; ``git diff --stat`` shows what changed.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
PARTS = {
    "benchmarks.tutorial_figures": None,
    "benchmarks.notebooks": None,
    "benchmarks.structure_picture": ROOT / "docs" / "house.svg",
}
"""Module -> the file that its output is; None where it writes files itself."""


def main() -> int:
    """Run every part; return 1 if one failed, after the others were run."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    failed = []
    for module, file in PARTS.items():
        start = time.monotonic()
        if not made(module, file):
            failed.append(module)
        print(f"{module}: {time.monotonic() - start:.0f} s", flush=True)
    for module in failed:
        print(f"failed: python -m {module}", file=sys.stderr)
    return 1 if failed else 0


def made(module: str, file: Path | None) -> bool:
    """Run a module; say whether it succeeded. A file that is its output is replaced only then."""
    done = subprocess.run([sys.executable, "-m", module], stdout=subprocess.PIPE if file else None, cwd=ROOT)
    if done.returncode == 0 and file:
        file.write_bytes(done.stdout)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
