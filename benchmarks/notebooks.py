"""Makes the notebooks of the docs anew: ``python -m benchmarks.notebooks``.

Every notebook in docs/notebooks is executed in an empty folder and written back with its outputs. Needs nbclient,
nbformat and ipykernel, which the extra ``test`` has.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "docs" / "notebooks"
_SECONDS = 600
"""Longest time of a cell; they take seconds on a machine that does nothing else."""


def main() -> int:
    """Execute the notebooks, and write them; return 1 if the output of one holds a path of this machine."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    import nbformat

    faults = 0
    for path in sorted(FOLDER.glob("*.ipynb")):
        made = executed(path)
        found = machine_paths(made)
        faults += len(found)
        for line in found:
            print(f"{path.name} shows a path of this machine: {line}", file=sys.stderr)
        if not found:
            nbformat.write(made, path)
            print(f"wrote {path.relative_to(FOLDER.parents[1])} ({path.stat().st_size} bytes)")
    return 1 if faults else 0


def executed(path: Path) -> Any:
    """Return a notebook with new outputs, run in an empty folder.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell raised.
    """
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(
            notebook,
            timeout=_SECONDS,
            kernel_name="python3",
            record_timing=False,
            coalesce_streams=True,
            resources={"metadata": {"path": folder}},
        )
        client.execute()
    # What only tells of this machine.
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return notebook


def machine_paths(notebook: Any) -> list[str]:
    """Return the outputs that hold an absolute path, or that of a home folder."""
    texts = (text for cell in notebook.cells for output in cell.get("outputs", []) for text in _texts(output))
    found = (re.search(r"(?:^|[\s\"'(=])(/(?:home|root|tmp|usr|var|work|opt|Users)/\S*)", text) for text in texts)
    return [match[1] for match in found if match]


def _texts(output: Any) -> Iterator[str]:
    for name, value in {**output.get("data", {}), "text": output.get("text", "")}.items():
        if not name.startswith("image/"):
            yield value if isinstance(value, str) else "".join(value)


if __name__ == "__main__":
    sys.exit(main())
