"""Makes a small suite, its records and its bundles, for the tests of boards."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from seqbench import Catalog, Model
from seqbench.base.environment import describe
from seqbench.board.bundle.manifest import about
from seqbench.board.make import bundle
from seqbench.board.verify.verify import Runner
from seqbench.executors.serial import Serial
from seqbench.experiment.cells import Cell
from seqbench.experiment.schema import load
from seqbench.plugins.grid import expand
from seqbench.records.schema import Record
from seqbench.records.store import Store
from seqbench.training.cell import run_cell
from tests.toys import CATALOG

TINY = """
tasks: [last]
models: [small, plain]
lengths: [4, 6]
seeds: [0, 1]
evaluate_lengths: [5]
training: {steps: 3, batch_size: 16, validate_every: 3, learning_rate: 0.03}
"""

ABOUT = about("A test", "Two small models.", "cc-by-4.0", "me@example.org")


@dataclass(frozen=True)
class Plain(Model):
    """A small Elman network; its note is a text that anybody may write."""

    name = "plain"
    version = 1
    hidden_size: int = 8
    note: str = ""

    def build(self, input_size: int) -> nn.Module:
        return nn.RNN(input_size, self.hidden_size, batch_first=True)


def catalog(folder: Path) -> Catalog:
    """Return the toys, with the suite ``tiny``."""
    suite = folder / "tiny.yaml"
    suite.write_text(TINY)
    models = {**CATALOG.models, "plain": Plain}
    return dataclasses.replace(CATALOG, models=models, suites={"tiny": suite}, executors={"serial": Serial})


def store(folder: Path, offers: Catalog, models: tuple[str, ...] = ("small", "plain"), note: str = "") -> Path:
    """Run the suite with these models."""
    experiment = load(offers.suite("tiny"), {"models": list(models), "parameters": {"plain": {"note": note}}})
    results = Store(folder / "tiny")
    results.prepare()
    for cell in expand(experiment, offers):
        results.write(run_cell(cell, offers, describe()))
    return results.path


def running(offers: Catalog) -> Runner:
    """Return what runs cells in this process, each once."""
    kept: dict[str, Record] = {}

    def run(cells: Sequence[Cell]) -> dict[str, Record]:
        for cell in cells:
            known = f"{cell.key} {cell.gradients}"
            if known not in kept:
                kept[known] = run_cell(cell, offers, describe())
        return {cell.key: kept[f"{cell.key} {cell.gradients}"] for cell in cells}

    return run


def bundled(path: Path, offers: Catalog, told: Any = ABOUT, **chosen: Any) -> bytes:
    """Return the bundle of a store."""
    return bundle(path, "tiny", told, offers, **chosen).content


def unzipped(content: bytes) -> dict[str, bytes]:
    """Return the files of a zip, by the standard library."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(files: dict[str, bytes]) -> bytes:
    """Return a zip, by the standard library."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target.getvalue()


def with_records(content: bytes, change: Callable[[dict[str, Any]], None], *, first_only: bool = True) -> bytes:
    """Return a bundle in which records were changed and every hash of the manifest was made to fit."""
    files = unzipped(content)
    for name in sorted(files)[1:2] if first_only else sorted(files)[1:]:
        record = json.loads(files.pop(name))
        change(record)
        cell = record["cell"]
        stem = f"{cell['task']['name']}_{cell['model']['name']}_T{cell['length']}_s{cell['seed']}_{record['key']}"
        files[f"records/{stem}.json"] = json.dumps(record).encode()
    return with_manifest(files, lambda manifest: None)


def with_manifest(files: dict[str, bytes], change: Callable[[dict[str, Any]], None]) -> bytes:
    """Return a bundle of these files, with a manifest that names them as they are."""
    manifest = json.loads(files["manifest.json"])
    manifest["files"] = [
        {"path": name, "sha256": hashlib.sha256(files[name]).hexdigest(), "bytes": len(files[name])}
        for name in sorted(files)
        if name != "manifest.json"
    ]
    change(manifest)
    return zipped({**files, "manifest.json": json.dumps(manifest).encode()})
