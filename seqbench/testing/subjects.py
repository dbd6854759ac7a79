"""Finds the checks of a class, of an object with its parameters set, or of an installed plugin by its name.

`checks` is the whole kit for any of them.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from functools import partial
from typing import TypeAlias

from seqbench.contracts.model import Model
from seqbench.contracts.task import Task
from seqbench.errors import ExperimentError, SeqbenchError, unknown
from seqbench.plugins.catalog import Catalog
from seqbench.plugins.load import load_catalog
from seqbench.plugins.parameters import make
from seqbench.plugins.verify import model_faults, task_faults
from seqbench.testing.models.checks import checks_of_models, first_line, variants
from seqbench.testing.outcome import Check, CheckFailed, Outcome, guarded, outcome, without
from seqbench.testing.tasks.checks import checks_of_task
from seqbench.testing.unheld import limits_unheld

Subject: TypeAlias = str | type[Task] | type[Model] | Task | Model
"""A name, a class (checked with its defaults), or an object (checked with its parameters)."""


def checks(
    subject: Subject, *, catalog: Catalog | None = None, skip: Mapping[str, str] | None = None
) -> Iterator[tuple[str, Check]]:
    """Yield the id and the check of every requirement of a task or a model.

    Args:
        subject: see `Subject`. A model's class is checked with its defaults and, if it has the parameters
            ``layers`` or ``dropout``, also with 2 layers and a dropout of 0.5.
        catalog: the installed plugins; the default is that of `load_catalog`.
        skip: id of a check -> why it is left out.

    Raises:
        ExperimentError: nothing has this name, or an id to skip does not exist.
    """
    catalog = load_catalog() if catalog is None else catalog
    found = list(_found(subject, catalog))
    _check_ids(skip or {}, [id for id, _ in found])
    yield from without(found, dict(skip or {}))


def model_checks(
    model: str | type[Model] | Model, *, catalog: Catalog | None = None, skip: Mapping[str, str] | None = None
) -> Iterator[tuple[str, Check]]:
    """Yield the checks of a model; see `checks`."""
    return checks(model, catalog=catalog, skip=skip)


def task_checks(
    task: str | type[Task] | Task, *, catalog: Catalog | None = None, skip: Mapping[str, str] | None = None
) -> Iterator[tuple[str, Check]]:
    """Yield the checks of a task; see `checks`."""
    return checks(task, catalog=catalog, skip=skip)


def run_checks(
    subject: Subject,
    *,
    catalog: Catalog | None = None,
    skip: Mapping[str, str] | None = None,
    time_limit: float | None = None,
) -> list[Outcome]:
    """Run every check and return the outcomes; ``pandas.DataFrame(run_checks(...))`` is a table.

    Args:
        subject, catalog, skip: as for `checks`.
        time_limit: the most seconds that a check may take; a slower check is skipped.
    """
    name = subject if isinstance(subject, str) else str(getattr(subject, "name", subject))
    return [outcome(name, id, check, time_limit) for id, check in checks(subject, catalog=catalog, skip=skip)]


def _check_ids(skip: Mapping[str, str], ids: list[str]) -> None:
    known = {*ids, *(id.partition(":")[0] for id in ids)}
    for id in skip:
        if id not in known:
            raise ExperimentError(unknown("check", id, known))


def _found(subject: Subject, catalog: Catalog) -> Iterator[tuple[str, Check]]:
    if isinstance(subject, str):
        if catalog.clash(subject):
            yield "name", guarded(first_line(check_name), partial(check_name, subject, None, catalog))
            return
        subject = catalog.task_or_model(subject)
    kind = subject if inspect.isclass(subject) else type(subject)
    yield "declaration", guarded(first_line(check_declaration), partial(check_declaration, kind))
    if task_faults(kind) and model_faults(kind):
        return
    yield "name", guarded(first_line(check_name), partial(check_name, kind.name, kind, catalog))
    yield "import", guarded(first_line(check_import), partial(check_import, kind, catalog))
    if isinstance(subject, Task):
        yield from checks_of_task(subject)
    elif isinstance(subject, Model):
        yield from checks_of_models({"": subject})
    else:
        yield from _with_defaults(subject)


def _with_defaults(kind: type[Task] | type[Model]) -> Iterator[tuple[str, Check]]:
    """Yield the checks of a class; if it cannot be instantiated, yield a failed check."""
    try:
        found = checks_of_task(make(kind, {})) if issubclass(kind, Task) else checks_of_models(variants(kind))
    except SeqbenchError as error:
        # Python deletes the variable of the error at the end of the clause.
        problem = str(error)
        yield "defaults", guarded(first_line(check_defaults), lambda: check_defaults(problem))
        return
    yield from found


def check_defaults(problem: str) -> None:
    """A task or a model can be made with its defaults."""
    raise CheckFailed(
        first_line(check_defaults), problem, "let the defaults be fit, and raise a ValueError if not"
    )


def check_declaration(kind: type) -> None:
    """A task or a model is a frozen dataclass with a name, a version and checkable parameters."""
    faults = task_faults(kind) if issubclass(kind, Task) else model_faults(kind)
    if faults:
        raise CheckFailed(first_line(check_declaration), "; ".join(faults), "mend what is said there")
    unheld = limits_unheld(kind)
    if unheld:
        raise CheckFailed(
            "the limits in the annotations hold when the class is made in Python",
            "; ".join(unheld),
            "call super().__post_init__() in your own __post_init__",
        )


def check_name(name: str, kind: type | None, catalog: Catalog) -> None:
    """The name is claimed once among everything that is installed."""
    expected = f"{name!r} is the name of one task or model only"
    change = "rename yours: the name is what users type, and what stands in records"
    clash = catalog.clash(name)
    if clash is not None:
        raise CheckFailed(expected, f"the name clashes: {clash.message}", change)
    for word, taken in (("task", catalog.tasks.get(name)), ("model", catalog.models.get(name))):
        if taken is not None and kind is not None and _place(taken) != _place(kind):
            origin = catalog.origins.get((word, name), "another plugin")
            raise CheckFailed(expected, f"the name clashes with the {word} {name!r} of {origin}", change)


def check_import(kind: type[Task] | type[Model], catalog: Catalog) -> None:
    """Importing the plugin seeds no global random generator, and draws from none."""
    origin = catalog.origins.get(("task" if issubclass(kind, Task) else "model", kind.name))
    moved = {library for remark in catalog.remarks if remark.origin == origin for library in remark.moved}
    if moved:
        raise CheckFailed(
            first_line(check_import),
            f"loading {origin} moved the global random generator of {', '.join(sorted(moved))}",
            "seed nothing in a module; draw inside methods, from seqbench.generator(seed, ...)",
        )


def _place(kind: type) -> tuple[str, str]:
    # Not the class itself: a module that is loaded twice has two copies of it.
    return kind.__module__, kind.__qualname__
