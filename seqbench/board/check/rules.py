"""Checks a bundle as a whole against the rules: its files, its suite, its manifest and its tables.

Each function yields a sentence for each fault.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from seqbench.base.nested import flat
from seqbench.base.printable import one_line
from seqbench.board.bundle.archive import MANIFEST
from seqbench.board.bundle.manifest import Manifest, environments_of, models_of, plugins_of, suite_used
from seqbench.board.bundle.suite import Grid, asked_text, differences, model_text
from seqbench.contracts.fields import does_name_code
from seqbench.contracts.model import Model
from seqbench.contracts.task import Task
from seqbench.errors import SeqbenchError
from seqbench.experiment.trials import TunedData
from seqbench.experiment.tune import Tune
from seqbench.plugins.catalog import Catalog
from seqbench.plugins.parameters import make, parameters_of, type_faults
from seqbench.records.making import cell_of
from seqbench.records.schema import PluginUsed, Record
from seqbench.tuning.settings import space_of

MOST_MODELS = 100
"""Largest number of models in one bundle; each needs all cells of the suite."""

_EXPLAINED = 5


def hash_faults(files: Mapping[str, bytes], manifest: Manifest) -> Iterator[str]:
    """Yield the files that do not match the manifest."""
    listed = {entry.path: entry for entry in manifest.files}
    if len(listed) < len(manifest.files):
        yield "the manifest names a file twice"
    for name in sorted(files.keys() - listed.keys() - {MANIFEST}):
        yield f"{name} is not in the manifest"
    for name, entry in sorted(listed.items()):
        if name == MANIFEST or name not in files:
            yield f"{name} is in the manifest and not in the bundle"
        elif (hashlib.sha256(files[name]).hexdigest(), len(files[name])) != (entry.sha256, entry.bytes):
            yield f"{name} is not the file that the manifest names by its SHA-256 and size: it was changed"


def suite_faults(
    manifest: Manifest, records: Sequence[Record], asked: Grid, *, is_whole: bool = True
) -> Iterator[str]:
    """Yield the differences between the records and the cells that the suite asks of their models.

    Args:
        manifest: the manifest of the bundle.
        records: the records made by the installed versions of the suite's tasks.
        asked: the installed suite.
        is_whole: whether these are all records. If not, only their tasks are checked, and a different hash of the
            suite is no additional fault.
    """
    if not is_whole:
        asked = asked.of_tasks(records)
    elif manifest.suite != suite_used(asked):
        yield (
            f"the bundle was made for another version of the suite {asked.name}:"
            f" {manifest.suite.cells} cells a model, hash {manifest.suite.sha256[:12]};"
            f" here {len(asked.cells)} cells, hash {asked.sha256[:12]}"
        )
    models = len({model_text(record.cell.model) for record in records})
    if models > MOST_MODELS:
        yield f"{models} models are in one bundle, which has at most {MOST_MODELS}: make several"
        return
    expected = asked.all_of(records)
    for i, record in enumerate(record for record in records if record.key not in expected):
        # The search for differences compares with all cells, so only the first ones are explained.
        changed = "; ".join(differences(cell_of(record.cell), asked)) if i < _EXPLAINED else "its settings differ"
        yield f"{record.title} is no cell of the suite {asked.name}: {changed}"
    yield from tuned_faults(records, asked)
    yield from asked.measured_otherwise(records)
    lost = asked.unfinished_joined(records)
    if lost and not manifest.is_partial:
        yield from (
            f"{cells}; a bundle without all outcomes is made with --partial and marked so" for cells in lost
        )
    elif manifest.is_partial and not lost and is_whole:
        yield "the manifest says partial, and every cell has its outcome"


def tuned_faults(records: Iterable[Record], asked: Grid) -> Iterator[str]:
    """Yield records that say of a search what the suite, their settings or other seeds contradict.

    A bundle holds no trials: that the chosen setting was the best of them is its submitter's word.
    """
    first: dict[tuple[str, str, int], TunedData] = {}
    for record in records:
        tuned, cell = record.tuned, record.cell
        if tuned is None:
            continue
        values = {**cell.training, **{f"{cell.model.shown}.{name}": v for name, v in flat(cell.model.parameters)}}
        if other := sorted(name for name, value in tuned.setting.items() if values.get(name) != value):
            yield f"{record.title}: the setting that a search chose has another {', '.join(other)} than its cell"
        if asked.tune is not None:
            yield from (f"{record.title}: {fault}" for fault in _space_faults(record, tuned, asked.tune))
        budget = asked.tune and (asked.tune.method, asked.tune.trials or tuned.trials)
        if budget and budget != (tuned.method, tuned.trials):
            yield (
                f"{record.title}: its setting was chosen by {tuned.method} among {tuned.trials} trials; the suite"
                f" gives each model {budget[1]}, by {budget[0]}"
            )
        same = first.setdefault((asked_text(record), cell.task.name, cell.length), tuned)
        if same != tuned:
            yield f"{record.title}: another seed of it tells another search, or another choice, of the same cell"


def _space_faults(record: Record, tuned: TunedData, tune: Tune) -> Iterator[str]:
    """Yield what no search of a suite could have chosen: a value outside its space, or no value at all."""
    model = record.cell.model
    space = {**space_of(tune.space, model.name), **space_of(tune.space, model.shown)}
    for name, values in space.items():
        if name not in tuned.setting:
            yield f"the suite searches {name}, and the setting that was chosen has none"
        elif not values.holds(tuned.setting[name]):
            yield (
                f"{name} is {tuned.setting[name]!r}, and the suite searches {one_line(str(values.told), 200)}: no"
                " search of the suite chooses it"
            )
    for name in tuned.setting:
        if "." not in name and name not in space:
            yield f"{name} was chosen by a search, and the suite searches none"


def manifest_faults(manifest: Manifest, records: Sequence[Record]) -> Iterator[str]:
    """Yield the claims of the manifest that the records do not confirm."""
    for what, said, found in (
        ("models", manifest.models, models_of(records)),
        ("plugins", manifest.plugins, plugins_of(records)),
        ("environments", manifest.environments, environments_of(records)),
    ):
        if said != found:
            yield f"its {what} are not those of the records"


def table_faults(records: Sequence[Record]) -> Iterator[str]:
    """Make the tables and charts of a board, because a record may hold values that they cannot show."""
    from seqbench.report.charts.lines import looks
    from seqbench.report.formats.data import content
    from seqbench.report.observations import observations
    from seqbench.report.page.charts import cost_charts, skill_charts
    from seqbench.report.page.gradients import gradient_charts
    from seqbench.report.page.groups import groups
    from seqbench.report.page.overview import overview
    from seqbench.report.page.rows import rows

    try:
        found = groups(records)
        look_of = looks(sorted({group.model for group in found}))
        for made in (rows, skill_charts, cost_charts, gradient_charts):
            made(found, look_of)
        overview(observations(records), look_of)
        json.dumps(content(records), allow_nan=False)
    except Exception as error:
        yield f"the records cannot be shown: {type(error).__name__}: {error}"


def changed_faults(records: Sequence[Record], catalog: Catalog) -> Iterator[str]:
    """Yield the plugins whose list of changed parameters does not match the installed defaults."""
    seen: dict[str, PluginUsed] = {}
    for record in records:
        for kind, used in (("task", record.cell.task), ("model", record.cell.model)):
            seen.setdefault(f"{kind} {used.model_dump_json()}", used)
    for text, used in seen.items():
        kind = text.partition(" ")[0]
        known: type[Task] | type[Model] | None = (catalog.tasks if kind == "task" else catalog.models).get(
            used.name
        )
        if known is None or known.version != used.version:
            continue
        defaults = {p.name: p.default for p in parameters_of(known)}
        differing = {name for name, value in used.parameters.items() if value != defaults.get(name, value)}
        if set(used.changed) != differing:
            told = ", ".join(sorted(used.changed)) or "nothing"
            found = ", ".join(sorted(differing)) or "nothing"
            yield f"of the {kind} {used.name}, {told} is said to be changed, and {found} differs from its defaults"


def parameter_faults(known: type[Model], parameters: Mapping[str, Any]) -> Iterator[str]:
    """Yield the faults in a model's parameters; a missing one would make it another model."""
    of_class = parameters_of(known)
    if untold := [p.name for p in of_class if p.name not in parameters and not p.is_added_later]:
        yield f"its parameters are to be told in full, and {', '.join(untold)} is not"
    for each in of_class:
        if each.is_added_later and parameters.get(each.name, not each.default) == each.default:
            yield f"{each.name} is told at its default, {each.default!r}, and was added later: no run tells it"
    if does_name_code(known):
        # To make it would import what the bundle names.
        yield from type_faults(known, parameters)
        return
    try:
        make(known, dict(parameters))
    except SeqbenchError as error:
        yield str(error)
