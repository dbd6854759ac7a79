"""Checks whether a bundle keeps the rules. Each rule gives a line; one that cannot be checked here says so.

Runs the installed tasks to compare their data with the bundle's. Runs nothing that a bundle brings, and opens no
file that a bundle names.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from seqbench.base.printable import one_line
from seqbench.board.bundle import archive
from seqbench.board.bundle.archive import MANIFEST, RECORDS, RefusedError
from seqbench.board.bundle.manifest import Manifest
from seqbench.board.bundle.names import manifest_names, record_names
from seqbench.board.bundle.strict_json import strict_json
from seqbench.board.bundle.suite import Grid, grid, other_versions, version_told
from seqbench.board.check.faults import course_faults, data_faults, key_faults, score_faults
from seqbench.board.check.installed import Installed, compare_with_installed
from seqbench.board.check.portable_bits import MARK, portable_bits
from seqbench.board.check.rules import (
    changed_faults,
    hash_faults,
    manifest_faults,
    parameter_faults,
    suite_faults,
    table_faults,
)
from seqbench.contracts.fields import code_named
from seqbench.contracts.model import Model
from seqbench.errors import SeqbenchError
from seqbench.plugins.catalog import Catalog
from seqbench.records.layout import stem
from seqbench.records.schema import PluginUsed, Record
from seqbench.records.variants import variant_text

_SHOWN = 5
"""Number of faults of one rule that are listed."""
_LONGEST = 200
"""Most characters of a model with its parameters in the name of a rule."""


@dataclass(frozen=True)
class RuleResult:
    """The result of one rule.

    Attributes:
        rule: its name.
        status: ``not checked`` if it cannot be checked here.
        message: the finding; for a failure, the reason.
        is_version: whether it failed because another version of a task or of the key made some cells; the other
            cells can be run again.
    """

    rule: str
    status: Literal["passed", "failed", "not checked"]
    message: str = ""
    is_version: bool = False


@dataclass(frozen=True)
class Submission:
    """A bundle that keeps the rules.

    Attributes:
        id: SHA-256 of its manifest, which lists every file with its hash.
        manifest: its manifest.
        records: its records, by file name.
        grid: the cells of its suite, as installed here.
    """

    id: str
    manifest: Manifest
    records: tuple[Record, ...]
    grid: Grid


@dataclass(frozen=True)
class Checked:
    """The result of checking a bundle.

    Attributes:
        findings: the finding of every rule.
        submission: the bundle for a board; None if a rule is broken.
        verifiable: the bundle for running cells again; None if a rule is broken other than that some cells were
            made by other versions of tasks or of the key than are installed.
    """

    findings: tuple[RuleResult, ...]
    submission: Submission | None
    verifiable: Submission | None = None

    @property
    def reasons(self) -> list[str]:
        """Return the reasons why it is refused."""
        return [f"{each.rule}: {each.message}" for each in self.findings if each.status == "failed"]


def check_file(path: Path, catalog: Catalog, installed: Installed | None = None) -> Checked:
    """Check a bundle on disk, see `check`.

    Raises:
        BoardError: the file cannot be read, or is not a zip.
    """
    try:
        content = archive.read(path)
    except RefusedError as error:
        return Checked((RuleResult("archive", "failed", str(error)),), None)
    return check_bundle(content, catalog, installed)


def check_bundle(content: bytes, catalog: Catalog, installed: Installed | None = None) -> Checked:
    """Check the bytes of a bundle against every rule.

    Args:
        content: the bytes of the zip.
        catalog: has the suites and their tasks; models may be missing.
        installed: the tasks of the catalog, with data loaded for earlier bundles; None to start without data.
    """
    try:
        files = archive.unpack(content)
    except RefusedError as error:
        return Checked((RuleResult("archive", "failed", str(error)),), None)
    opened = RuleResult("archive", "passed", f"{len(files)} files, no path out of the bundle, within the limits")
    try:
        manifest, records = _opened(files)
    except RefusedError as error:
        return Checked((opened, *_hashes(files), RuleResult("schema", "failed", str(error))), None)
    read = RuleResult("schema", "passed", f"the manifest and {len(records)} records")
    known = installed or Installed(catalog)
    findings = (opened, read, *_findings(files, manifest, records, known))
    broken = [each for each in findings if each.status == "failed"]
    if not all(each.is_version for each in broken):
        return Checked(findings, None)
    id = hashlib.sha256(files[MANIFEST]).hexdigest()
    found = Submission(id, manifest, tuple(records), grid(manifest.suite.name, catalog))
    return Checked(findings, None if broken else found, found)


def _opened(files: Mapping[str, bytes]) -> tuple[Manifest, list[Record]]:
    if MANIFEST not in files:
        raise RefusedError(f"there is no {MANIFEST}")
    return Manifest.from_bytes(files[MANIFEST]), [
        _record(name, files[name]) for name in sorted(files) if name != MANIFEST
    ]


def _record(name: str, content: bytes) -> Record:
    strict_json(content, name)
    try:
        record = Record.from_json(content, name)
    except SeqbenchError as error:
        raise RefusedError(str(error)) from error
    if stem(record) != PurePosixPath(name).stem:
        raise RefusedError(f"{name} holds the record {stem(record)}")
    return record


def _hashes(files: Mapping[str, bytes]) -> list[RuleResult]:
    """Check only the hashes of a bundle that is broken in another way."""
    try:
        return [_finding("hashes", hash_faults(files, Manifest.from_bytes(files[MANIFEST])))]
    except (RefusedError, KeyError):
        return []


def _findings(
    files: Mapping[str, bytes], manifest: Manifest, records: Sequence[Record], installed: Installed
) -> Iterator[RuleResult]:
    yield _finding("hashes", hash_faults(files, manifest), f"{len(manifest.files)} files by SHA-256 and size")
    names = [*manifest_names(manifest), *(fault for record in records for fault in record_names(record))]
    yield _finding("names", names, "every name is plain, and no text steers a terminal or a spreadsheet")
    keys = [fault for record in records for fault in key_faults(record)]
    yield _finding("keys", keys, "each key is the hash of its record's settings")
    if keys or not records:
        if not records:
            yield RuleResult("suite", "failed", f"there is no record in {RECORDS}/")
        return
    try:
        asked = grid(manifest.suite.name, installed.catalog)
    except SeqbenchError as error:
        yield RuleResult("suite", "failed", f"the suite {manifest.suite.name!r} cannot be laid out here: {error}")
        return
    yield from _of_records(manifest, records, asked, installed)
    yield from _models(manifest, installed.catalog)
    yield RuleResult(MARK, *portable_bits(records))
    yield RuleResult("truth of scores", "not checked", "only cells that are run again tell: seqbench board verify")
    yield RuleResult("gradients, sizes, curves", "not checked", "these are compared for cells that are run again")
    yield RuleResult(
        "times, memory, machines",
        "not checked",
        "these are as the submitter's machine told them, here and everywhere",
    )


def _of_records(
    manifest: Manifest, records: Sequence[Record], asked: Grid, installed: Installed
) -> Iterator[RuleResult]:
    """Check the records against the suite, against each other and against the installed tasks."""
    yield from _versions(records, asked)
    own, others = other_versions(records, asked)
    suite = list(suite_faults(manifest, own, asked, is_whole=not others))
    whole = asked.of_tasks(own) if others else asked
    yield _finding("suite", suite, "" if suite else _asked(manifest, own, whole))
    yield _finding(
        "manifest", manifest_faults(manifest, records), "models, plugins and environments as in the records"
    )
    scores = [fault for record in records for fault in (*score_faults(record), *course_faults(record))]
    yield _finding(
        "scores", scores, "none beyond its best, each skill worked out again from score and baseline, each gain"
        " from its curve"
    )  # fmt: skip
    yield _finding("data", data_faults(records), "the same task, length and seed have the same data and baselines")
    yield _finding(
        "changed", changed_faults(records, installed.catalog), "what is said to differ from a default does"
    )
    if suite:
        # Then the suite does not limit their number, and tables of many models take long.
        yield RuleResult("tables", "not checked", "the cells are not those of the suite")
        yield RuleResult("installed task", "not checked", "the cells are not those of the suite")
    else:
        yield _finding("tables", table_faults(records), "scores, skill and gradients can be shown")
        yield from _installed(own, asked, installed)


def _versions(records: Sequence[Record], asked: Grid) -> Iterator[RuleResult]:
    """Report the cells of another version of a task or of the key, which cannot be checked here."""
    found = Counter(told for record in records if (told := version_told(record, asked)) is not None)
    for (what, made), cells in sorted(found.items()):
        why = f"{made}: {cells} cells cannot be compared; run them again"
        yield RuleResult(what, "failed", why, is_version=True)


def _installed(records: Sequence[Record], asked: Grid, installed: Installed) -> Iterator[RuleResult]:
    found = compare_with_installed(records, asked.all_of(records), installed)
    loaded = (
        f"metric, baselines, examples and data are its own; loaded: {found.places} lengths of tasks, a seed each"
    )
    yield _finding("installed task", found.faults, loaded)
    for why in found.unknown:
        yield RuleResult("installed task", "not checked", why)


def _finding(rule: str, faults: Iterable[str], passed: str = "") -> RuleResult:
    found = list(faults)
    if not found:
        return RuleResult(rule, "passed", passed)
    more = [f"and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
    return RuleResult(rule, "failed", "\n".join([*found[:_SHOWN], *more]))


def _asked(manifest: Manifest, records: Sequence[Record], asked: Grid) -> str:
    lost = asked.unfinished(records)
    whole = f"the {len(records)} cells are those of {asked.name}; models: {len(manifest.models)}"
    return f"{whole}; partial, {len(lost)} without an outcome" if lost else whole


def _models(manifest: Manifest, catalog: Catalog) -> Iterator[RuleResult]:
    """Report for each model whether its parameters are valid, and whether it can be run again here."""
    named = Counter(_shown(model) for model in manifest.models)
    for model in manifest.models:
        is_alone = named[_shown(model)] == 1
        rule = f"model {_shown(model) if is_alone else one_line(variant_text(model), _LONGEST)}"
        known = catalog.models.get(model.name)
        if known is None:
            whence = model.distribution or "a distribution that is not named"
            yield RuleResult(
                rule,
                "not checked",
                f"not installed here ({whence}): its parameters are not known, and it cannot be re-run",
            )
        elif known.version != model.version:
            here = f"version {model.version}, and version {known.version} is installed here"
            yield RuleResult(rule, "not checked", f"{here}: it cannot be re-run")
        else:
            yield _finding(rule, parameter_faults(known, model.parameters), _right(known, model))


def _right(known: type[Model], model: PluginUsed) -> str:
    """Return what a model passes with; code that it names is named, and not looked for."""
    paths = code_named(known, model.parameters)
    if not paths:
        return "its parameters are right"
    named = one_line(f"{', '.join(paths)} of {model.parameters.get('package', 'an untold package')}", _LONGEST)
    return f"it names {named}: imported by no check, and run by verify only if allowed"


def _shown(model: PluginUsed) -> str:
    return f"{model.label} ({model.name})" if model.label else model.name
