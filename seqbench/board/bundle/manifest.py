"""Defines the manifest of a bundle; the records must confirm most of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, field_validator

from seqbench.board.bundle.archive import MANIFEST, RefusedError
from seqbench.board.bundle.strict_json import strict_json
from seqbench.board.bundle.suite import Grid
from seqbench.errors import BoardError
from seqbench.records.schema import Data, PluginUsed, Record

SCHEMA_VERSION = 1

Line = Annotated[str, Field(min_length=1, max_length=200)]


class About(Data):
    """The submitter's description of a bundle; nothing in it can be checked.

    Attributes:
        name: the name of the submission.
        description: what was run, and why; may be empty.
        licence: the licence of the records, an SPDX expression, e.g. ``CC-BY-4.0``.
        contact: who answers for it, such as an e-mail or web address; any text is taken.
    """

    name: Line
    description: str = Field("", max_length=4000)
    licence: Line
    contact: Line

    @field_validator("licence")
    @classmethod
    def _is_spdx(cls, value: str) -> str:
        from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

        try:
            return str(canonicalize_license_expression(value))
        except InvalidLicenseExpression as error:
            raise ValueError("it is to be an SPDX identifier, such as CC-BY-4.0, CC0-1.0 or Apache-2.0") from error


class SuiteUsed(Data):
    """The suite that was run: its name, its number of cells for one model, and the hash of those cells."""

    name: str
    cells: int
    sha256: str


class FileEntry(Data):
    """A file of the bundle."""

    path: str
    sha256: str
    bytes: int


class Manifest(Data):
    """The manifest of a bundle.

    Attributes:
        seqbench: the version that made the bundle.
        about: the submitter's description.
        suite: the suite that was run.
        is_partial: whether cells of the suite are missing or without an outcome.
        models: the models that were run on it.
        plugins: every distribution of a task or a model, with its version.
        environments: every machine and set of versions on which cells ran.
        files: every other file of the bundle.
    """

    schema_version: Literal[1] = 1
    seqbench: str
    about: About
    suite: SuiteUsed
    is_partial: bool
    models: tuple[PluginUsed, ...]
    plugins: tuple[str, ...]
    environments: tuple[dict[str, Any], ...]
    files: tuple[FileEntry, ...]

    def to_bytes(self) -> bytes:
        """Return strict JSON; the same manifest gives the same bytes."""
        return (json.dumps(self.model_dump(mode="json"), allow_nan=False, indent=1) + "\n").encode()

    @staticmethod
    def from_bytes(content: bytes) -> Manifest:
        """Read a manifest.

        Raises:
            RefusedError: it is not a manifest of this schema version.
        """
        try:
            return Manifest.model_validate(strict_json(content, MANIFEST))
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(step) for step in first["loc"]) or "the file"
            raise RefusedError(
                f"{MANIFEST} is no manifest of schema version {SCHEMA_VERSION}: {place}: {first['msg']}"
            ) from error


def about(name: str, description: str, licence: str, contact: str) -> About:
    """Return the submitter's description of a bundle.

    Raises:
        BoardError: a field is empty or too long, or the licence is not an SPDX expression.
    """
    try:
        return About(name=name, description=description, licence=licence, contact=contact)
    except ValidationError as error:
        first = error.errors()[0]
        message = first["msg"].removeprefix("Value error, ")
        raise BoardError(f"{first['loc'][0]}: {message}, and {first['input']!r} was given") from error


def manifest(
    told: About, grid: Grid, records: Sequence[Record], files: Mapping[str, bytes], version: str
) -> Manifest:
    """Return the manifest of a bundle of these records.

    Args:
        told: the submitter's description.
        grid: the cells of the suite.
        records: the records of the bundle.
        files: name -> content, without the manifest.
        version: the version of seqbench that makes the bundle.
    """
    return Manifest(
        seqbench=version,
        about=told,
        suite=suite_used(grid),
        is_partial=bool(grid.unfinished(records)),
        models=models_of(records),
        plugins=plugins_of(records),
        environments=environments_of(records),
        files=tuple(
            FileEntry(path=name, sha256=hashlib.sha256(files[name]).hexdigest(), bytes=len(files[name]))
            for name in sorted(files)
        ),
    )


def suite_used(grid: Grid) -> SuiteUsed:
    """Return a suite as a manifest describes it."""
    return SuiteUsed(name=grid.name, cells=len(grid.cells), sha256=grid.sha256)


def models_of(records: Iterable[Record]) -> tuple[PluginUsed, ...]:
    """Return every model of these records once."""
    found = _distinct(record.cell.model.model_dump(mode="json") for record in records)
    return tuple(PluginUsed.model_validate(each) for each in found)


def plugins_of(records: Iterable[Record]) -> tuple[str, ...]:
    """Return every distribution of these records once, with its version."""
    used = (plugin.distribution for record in records for plugin in (record.cell.task, record.cell.model))
    return tuple(sorted({distribution for distribution in used if distribution}))


def environments_of(records: Iterable[Record]) -> tuple[dict[str, Any], ...]:
    """Return every environment of these records once."""
    return tuple(_distinct(record.environment for record in records))


def _distinct(found: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    texts = {json.dumps(each, sort_keys=True): each for each in found}
    return [texts[text] for text in sorted(texts)]
