"""Lists the tasks, models, suites, executors and targets of the installed plugins, with their origins.

A catalog is frozen; `seqbench.plugins.load` makes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from seqbench.contracts.model import Model
from seqbench.contracts.published import Target
from seqbench.contracts.task import Task
from seqbench.errors import ExperimentError, unknown
from seqbench.jobs.executor import Executor
from seqbench.jobs.plugin_sources import PluginSources

Value = TypeVar("Value")

_OWN = ". One in a file of your own is known once the file is loaded as a plugin"


@dataclass(frozen=True)
class Origin:
    """The origin of a plugin.

    Attributes:
        plugin: its entry point, or the name of its file.
        distribution, version: the package that declares it; for a file ``file NAME`` and the start of its hash.
        path: the path of a file that is not installed. It is shown in messages and in no record.
    """

    plugin: str
    distribution: str
    version: str
    path: Path | None = None

    @property
    def source(self) -> str:
        """The origin as a record keeps it."""
        return f"{self.distribution} {self.version}"

    def __str__(self) -> str:
        if self.path is not None:
            return f"file {self.path}"
        return f"plugin {self.plugin!r} ({self.source})"


@dataclass(frozen=True)
class Problem:
    """A fault of a plugin.

    Attributes:
        origin: the plugin.
        hook: the hook that returned the fault; None if no hook was called.
        message: what is wrong, and what to do.
        claimed: the name that two plugins claim, if that is the problem.
        moved: libraries whose global random generator moved while the plugin was loaded.
    """

    origin: Origin
    hook: str | None
    message: str
    claimed: str | None = None
    moved: tuple[str, ...] = ()

    def __str__(self) -> str:
        hook = f", hook {self.hook}" if self.hook else ""
        return f"{self.origin}{hook}: {self.message}"


@dataclass(frozen=True)
class Observer:
    """A function that is called with each record, and its origin."""

    call: Callable[..., None]
    origin: Origin


@dataclass(frozen=True)
class Catalog:
    """Everything that the installed plugins offer.

    Attributes:
        tasks, models, suites, executors, targets: name -> the class, file or target of that name.
        observers: functions that are called with each record.
        origins: (kind, name) -> the plugin that offers it.
        problems: broken plugins, which are left out.
        remarks: faults that should be fixed although the plugin works.
        sources: where it was loaded from, so that another process can load the same.
    """

    tasks: Mapping[str, type[Task]] = field(default_factory=dict)
    models: Mapping[str, type[Model]] = field(default_factory=dict)
    suites: Mapping[str, Path] = field(default_factory=dict)
    executors: Mapping[str, type[Executor]] = field(default_factory=dict)
    targets: Mapping[str, Target] = field(default_factory=dict)
    observers: tuple[Observer, ...] = ()
    origins: Mapping[tuple[str, str], Origin] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    remarks: tuple[Problem, ...] = ()
    sources: PluginSources = field(default_factory=PluginSources)

    def task(self, name: str) -> type[Task]:
        """Return a task class; an unknown name is an ExperimentError with the nearest right one."""
        return self._found("task", self.tasks, name, own=_OWN)

    def model(self, name: str, *, labels: Iterable[str] = ()) -> type[Model]:
        """Return a model class; an unknown name is an ExperimentError with the nearest right one.

        Args:
            name: of the model.
            labels: further names that could have been meant, such as the labels of an experiment.
        """
        return self._found("model", self.models, name, labels, own=_OWN)

    def task_or_model(self, name: str) -> type[Task] | type[Model]:
        """Return a task or model class; an unknown name is an ExperimentError with the nearest right one."""
        both: dict[str, type[Task] | type[Model]] = {**self.tasks, **self.models}
        return self._found("task or model", both, name, own=_OWN)

    def clash(self, name: str) -> Problem | None:
        """Return the problem that two plugins claim a name; None if there is none."""
        return next((problem for problem in self.problems if problem.claimed == name), None)

    def suite(self, name: str) -> Path:
        """Return a suite's file; an unknown name is an ExperimentError with the nearest right one."""
        return self._found("suite", self.suites, name)

    def executor(self, name: str) -> type[Executor]:
        """Return an executor class; an unknown name is an ExperimentError with the nearest right one."""
        return self._found("executor", self.executors, name)

    def target(self, name: str) -> Target:
        """Return a target; an unknown name is an ExperimentError with the nearest right one."""
        return self._found("target", self.targets, name, listed_by="`seqbench targets list`")

    def sources_of(self, task: str, model: str) -> PluginSources:
        """Return the sources of a task and a model alone: other plugins may be slow or broken."""
        origins = [self.origins.get(("task", task)), self.origins.get(("model", model))]
        if None in origins:
            return self.sources
        paths = {origin.path for origin in origins if origin}
        installed = sorted({origin.plugin for origin in origins if origin and origin.path is None})
        files = tuple(file for file in self.sources.files if file.path in paths)
        return PluginSources(",".join(installed) or "off", files)

    def _found(
        self,
        kind: str,
        offers: Mapping[str, Value],
        name: str,
        more: Iterable[str] = (),
        own: str = "",
        listed_by: str = "",
    ) -> Value:
        if name in offers:
            return offers[name]
        broken = "".join(f"\n  not loaded: {problem}" for problem in self.problems)
        if own and name.endswith(".py"):
            told = f"no {kind} is called {name!r}: load that file as a plugin, and give its class's name"
        else:
            told = unknown(kind, name, {*offers, *more}, listed_by) + own
        raise ExperimentError(told + broken)
