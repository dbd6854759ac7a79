"""Finds and loads the installed plugins, and reports the broken ones.

`load_catalog` handles every entry point separately: a broken plugin is one clear problem and never stops the
others. Imports no torch.
"""

from __future__ import annotations

import importlib.metadata
import inspect
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pluggy

from seqbench.base.given import as_path, shown
from seqbench.contracts.version import STATED_AS, judge
from seqbench.errors import PluginError, unknown
from seqbench.jobs.plugin_sources import PluginFile, PluginSources
from seqbench.plugins.catalog import Catalog, Observer, Origin, Problem
from seqbench.plugins.citations import reference_remarks
from seqbench.plugins.hooks import GROUP, Hooks
from seqbench.plugins.imports import fingerprint, import_file, said, watched
from seqbench.plugins.verify import executor_faults, model_faults, suite_faults, target_faults, task_faults

__all__ = ["Catalog", "Observer", "Origin", "Problem", "load_catalog", "load_sources"]


@dataclass(frozen=True)
class Offer:
    """One object that a plugin yielded, under its name."""

    kind: str
    name: str
    value: Any
    origin: Origin


@dataclass(frozen=True)
class _Hook:
    """A hook: the kind of its objects, how they are checked, and how they are named."""

    kind: str
    faults: Callable[[Any], list[str]]
    name: Callable[[Any], str]


_HOOKS = {
    "seqbench_tasks": _Hook("task", task_faults, lambda task: task.name),
    "seqbench_models": _Hook("model", model_faults, lambda model: model.name),
    "seqbench_suites": _Hook("suite", suite_faults, lambda path: path.stem),
    "seqbench_executors": _Hook("executor", executor_faults, lambda executor: executor.name),
    "seqbench_targets": _Hook("target", target_faults, lambda target: target.name),
}
_OBSERVING = "seqbench_cell_finished"


def load_catalog(only: str | None = None, *, files: Iterable[str | Path] = ()) -> Catalog:
    """Load the installed plugins, and files that hold plugins.

    Args:
        only: ``"off"`` for no installed plugin, or names of entry points separated by commas. The default is the
            environment variable SEQBENCH_PLUGINS, and all plugins if it is not set.
        files: Python files that hold a plugin each and need not be installed.

    Raises:
        PluginError: ``only`` names a plugin that is not installed.
    """
    paths = dict.fromkeys(file.absolute() for file in _listed(files))
    return load_sources(PluginSources(only, tuple(PluginFile(path, fingerprint(path)) for path in paths)))


def load_sources(sources: PluginSources) -> Catalog:
    """Load the same plugins again, e.g. in another process; see `load_catalog`."""
    found = sorted(importlib.metadata.entry_points(group=GROUP), key=lambda point: point.name)
    only = os.environ.get("SEQBENCH_PLUGINS", "") if sources.only is None else sources.only
    chosen = _chosen(found, only)
    so_far = _SoFar(problems=list(_twice(chosen)))
    clashing = {problem.origin.plugin for problem in so_far.problems}
    for point in chosen:
        if point.name not in clashing:
            _load(_origin(point), point.load, so_far)
    for file in sources.files:
        _load(_origin_of(file), partial(import_file, file), so_far)
    return _catalog(so_far, sources)


@dataclass
class _SoFar:
    """The results so far while plugins are loaded one after the other."""

    offers: list[Offer] = field(default_factory=list)
    observers: list[Observer] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    remarks: list[Problem] = field(default_factory=list)


def _listed(files: Iterable[str | Path]) -> list[Path]:
    if isinstance(files, str | Path):
        raise PluginError(f"plugin files are a list: write [{str(files)!r}]")
    if not isinstance(files, Iterable):
        raise PluginError(f"plugin files are a list of paths, and {shown(files)} was given")
    return [as_path(file, "a plugin file", PluginError) for file in files]


def _chosen(found: list[importlib.metadata.EntryPoint], only: str) -> list[importlib.metadata.EntryPoint]:
    names = [name.strip() for name in only.split(",") if name.strip()]
    if not names:
        return found
    if names == ["off"]:
        return []
    known = {point.name for point in found}
    for name in names:
        if name not in known:
            raise PluginError("SEQBENCH_PLUGINS: " + unknown("plugin", name, known))
    return [point for point in found if point.name in names]


def _twice(points: list[importlib.metadata.EntryPoint]) -> Iterator[Problem]:
    # pluggy silently drops the second of two entry points with one name, so duplicates are found first.
    for name, times in Counter(point.name for point in points).items():
        if times > 1:
            first, *others = (_origin(point) for point in points if point.name == name)
            both = ", ".join(f"{origin.distribution} {origin.version}" for origin in (first, *others))
            message = f"the entry point {name!r} is claimed by {both}; uninstall all but one"
            yield Problem(first, None, message)


def _origin(point: importlib.metadata.EntryPoint) -> Origin:
    if point.dist is None:
        return Origin(point.name, "an unknown distribution", "?")
    return Origin(point.name, *_name_and_version(point.dist))


@lru_cache(maxsize=64)
def _name_and_version(distribution: importlib.metadata.Distribution) -> tuple[str, str]:
    # Each of the two reads the whole file of metadata again, and a distribution may have thirty plugins.
    return distribution.name, distribution.version


def _origin_of(file: PluginFile) -> Origin:
    return Origin(file.path.name, f"file {file.path.name}", f"sha256:{(file.sha256 or '?')[:12]}", file.path)


def _load(origin: Origin, load: Callable[[], Any], so_far: _SoFar) -> None:
    """Load one plugin by itself and add its offers and its problems."""
    with watched() as watch:
        _add(origin, load, so_far)
    so_far.remarks += [Problem(origin, None, remark, moved=watch.moved) for remark in watch.remarks()]


def _add(origin: Origin, load: Callable[[], Any], so_far: _SoFar) -> None:
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(Hooks)
    try:
        module = load()
        verdict = judge(getattr(module, STATED_AS, None))
        if verdict.fault is None:
            manager.register(module, name=origin.plugin)
    except (Exception, SystemExit) as error:
        beside = origin.path.parent if origin.path else None
        so_far.problems.append(Problem(origin, None, f"cannot be loaded: {said(error, beside)}"))
        return
    if verdict.remark is not None:
        so_far.remarks.append(Problem(origin, None, verdict.remark))
    if verdict.fault is not None:
        so_far.problems.append(Problem(origin, None, f"cannot be used: {verdict.fault}"))
        return
    so_far.problems += [Problem(origin, hook, fault) for hook, fault in _hook_faults(manager, module)]
    for hook_name, hook in _HOOKS.items():
        for implementation in getattr(manager.hook, hook_name).get_hookimpls():
            _call(implementation.function, origin, hook_name, hook, so_far)
    for implementation in getattr(manager.hook, _OBSERVING).get_hookimpls():
        so_far.observers.append(Observer(implementation.function, origin))


def _hook_faults(manager: pluggy.PluginManager, module: ModuleType) -> Iterator[tuple[str | None, str]]:
    callers = manager.get_hookcallers(module) or []
    known = [*_HOOKS, _OBSERVING]
    if not callers:
        yield None, f"it implements no hook; put @seqbench.hookimpl above a function: {', '.join(known)}"
    for caller in callers:
        # pluggy silently accepts a misspelled hook.
        if not caller.has_spec():
            yield caller.name, unknown("hook", caller.name, known)


def _call(
    function: Callable[[], Iterable[Any]], origin: Origin, hook_name: str, hook: _Hook, so_far: _SoFar
) -> None:
    try:
        given = function()
        if not isinstance(given, Iterable) or inspect.isclass(given):
            raise TypeError(f"it is to yield objects, and it returned {given!r}; write yield, not return")
        for value in given:
            faults = hook.faults(value)
            so_far.problems += [Problem(origin, hook_name, fault) for fault in faults]
            if not faults and hook.kind in ("task", "model"):
                so_far.remarks += [Problem(origin, hook_name, each) for each in reference_remarks(value)]
            if not faults:
                so_far.offers.append(Offer(hook.kind, hook.name(value), value, origin))
    except (Exception, SystemExit) as error:
        so_far.problems.append(Problem(origin, hook_name, said(error)))


def _catalog(so_far: _SoFar, sources: PluginSources) -> Catalog:
    claims: dict[tuple[str, str], list[Offer]] = {}
    for offer in so_far.offers:
        claims.setdefault((offer.kind, offer.name), []).append(offer)
    # A model and a task share the first word of `--set NAME.parameter=value`, so they share one namespace.
    for (kind, name), claim in list(claims.items()):
        if kind == "model" and ("task", name) in claims:
            claims["task", name] += claim
            del claims[kind, name]
    kept = {claim[0] for claim in claims.values() if len(claim) == 1}
    clashes = [_clash(claim) for claim in claims.values() if len(claim) > 1]
    return Catalog(
        tasks={offer.name: offer.value for offer in _sorted(kept, "task")},
        models={offer.name: offer.value for offer in _sorted(kept, "model")},
        suites={offer.name: offer.value for offer in _sorted(kept, "suite")},
        executors={offer.name: offer.value for offer in _sorted(kept, "executor")},
        targets={offer.name: offer.value for offer in _sorted(kept, "target")},
        observers=tuple(so_far.observers),
        origins={(offer.kind, offer.name): offer.origin for offer in kept},
        problems=(*so_far.problems, *clashes),
        remarks=tuple(so_far.remarks),
        sources=sources,
    )


def _sorted(offers: set[Offer], kind: str) -> list[Offer]:
    return sorted((offer for offer in offers if offer.kind == kind), key=lambda offer: offer.name)


def _clash(claim: list[Offer]) -> Problem:
    sides = " and ".join(f"{offer.kind} of {offer.origin}" for offer in claim)
    message = f"the name {claim[0].name!r} is claimed twice, as {sides}; neither is used: uninstall or rename one"
    hook = next(name for name, hook in _HOOKS.items() if hook.kind == claim[-1].kind)
    return Problem(claim[-1].origin, hook, message, claimed=claim[0].name)
