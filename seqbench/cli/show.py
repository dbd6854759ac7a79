"""Shows a task, a model or a suite in words, numbers and a worked example: ``seqbench show``."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from inspect import cleandoc
from pathlib import Path
from typing import Any

import click

from seqbench.base.counts import counted
from seqbench.base.nested import flat, nested
from seqbench.base.printable import on_lines, one_line
from seqbench.base.ranges import in_ranges
from seqbench.cli.console import print_json, print_rows, stdout
from seqbench.cli.list import first_line
from seqbench.cli.plugin_files import load_plugins, plugin_files
from seqbench.cli.prose import meanings, readable
from seqbench.cli.short_forms import in_long_form
from seqbench.contracts.metrics import reference
from seqbench.contracts.model import Model
from seqbench.contracts.task import Task
from seqbench.errors import ExperimentError, unknown
from seqbench.experiment.overrides import assigned, settings
from seqbench.experiment.schema import Training, load, merge
from seqbench.plugins.catalog import Catalog
from seqbench.plugins.citations import reference_of
from seqbench.plugins.faults import faults_told, owner
from seqbench.plugins.grid import expand
from seqbench.plugins.parameters import make, meaningless, parameters_of, refuse_meaningless
from seqbench.report import print_table
from seqbench.report.numbers import number
from seqbench.report.tables.table import Entry, Table

Facts = dict[str, Any]


@click.command()
@click.argument("name", metavar="NAME")
@click.option("--length", type=click.IntRange(min=1), default=12, show_default=True, help="Steps of the task.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the task's data.")
@click.option(
    "--set", "assignments", multiple=True, metavar="PARAMETER=VALUE", help="A parameter; may be repeated."
)
@plugin_files
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout.")
def command(
    name: str, length: int, seed: int, assignments: tuple[str, ...], files: tuple[Path, ...], as_json: bool
) -> None:
    """Show a task, model or suite: parameters, baselines, a worked example.

    NAME is a task, a model, a suite, or the YAML file of an experiment. In a suite or a file, --set takes
    NAME.FIELD=VALUE, as in `seqbench run`.
    """
    catalog = load_plugins(files)
    if name in catalog.tasks:
        task = make(catalog.tasks[name], _values(catalog.tasks[name], assignments))
        refuse_meaningless(task, meaningless(task))
        _show_task(catalog, task, length, seed, as_json)
    elif name in catalog.models:
        _show_model(catalog, make(catalog.models[name], _values(catalog.models[name], assignments)), as_json)
    elif name in catalog.suites or Path(name).suffix in (".yaml", ".yml"):
        _show_experiment(catalog, catalog.suites.get(name, Path(name)), assignments, as_json)
    else:
        names = [*catalog.tasks, *catalog.models, *catalog.suites]
        raise ExperimentError(unknown("task, model or suite", name, names))


def _values(plugin: type[Task] | type[Model], assignments: Sequence[str]) -> Facts:
    """Return ``symbols=4``, or ``copy.symbols=4`` as for `seqbench run`, as parameters.

    Raises:
        ExperimentError: a text is not an assignment, or names something other than what is shown.
    """
    owner, parameters = plugin.name, {each.name for each in parameters_of(plugin)}
    values: Facts = {}
    for assignment in assignments:
        parameter, equals, text = assignment.partition("=")
        if not equals:
            raise ExperimentError(f"--set {assignment}: write it as PARAMETER=VALUE, such as hidden_size=64")
        other, dot, name = parameter.strip().partition(".")
        name = name if other == owner and dot else parameter.strip()
        if dot and other != owner and other not in parameters:
            own = parameter.strip().partition(".")[2]
            raise ExperimentError(
                f"--set {assignment}: {owner} is shown, not {other}; give --set {own}={text} for its own"
            )
        values = merge(values, nested(name, assigned(assignment)))
    return values


def _show_task(catalog: Catalog, task: Task, length: int, seed: int, as_json: bool) -> None:
    told = plugin_facts(catalog, "task", task)
    if not as_json:
        # Printed before the data are loaded: users without the data see which parameter names them.
        _print_plugin(told)
    with faults_told(f"{owner('task', task.name, catalog.origins)} cannot load its data"):
        facts = task_facts(task, length, seed)
    if as_json:
        print_json({**told, **facts})
    else:
        _print_task(facts)
        _print_sources(told)


def _show_model(catalog: Catalog, model: Model, as_json: bool) -> None:
    told = plugin_facts(catalog, "model", model)
    with faults_told(f"{owner('model', model.name, catalog.origins)} cannot be built"):
        sizes = model_facts(model)
    if as_json:
        print_json({**told, **sizes})
        return
    _print_plugin(told)
    click.echo(f"With {counted(sizes['input_size'], 'feature')} in a step:")
    click.echo(f"  {counted(sizes['layer_parameters'], 'trainable parameter')}")
    more = f", and {sizes['state_growth']} more with each further step" if sizes["state_growth"] else ""
    click.echo(f"  {counted(sizes['state_size'], 'number')} carried from one step to the next{more}")
    if not sizes["is_causal"]:
        click.echo("  looks ahead: refused on tasks whose inputs hold earlier targets, and never run in chunks")
    if not sizes["trains_embedding"]:
        click.echo("  the embedding of tokens is not trained")
    click.echo(f"  {counted(sizes['output_size'], 'feature')} out")
    for remark in sizes["remarks"]:
        click.echo(f"  {one_line(remark)}")
    _print_sources(told)


def _show_experiment(catalog: Catalog, path: Path, assignments: Sequence[str], as_json: bool) -> None:
    asked = load(path)
    long = in_long_form(assignments, catalog, asked.names)
    experiment = load(path, settings(long))
    cells = expand(experiment, catalog)
    fields = experiment.model_dump(mode="json")
    if as_json:
        # A search decides the settings of the cells, and so their keys.
        keys = [cell.key for cell in cells] if experiment.tune is None else []
        print_json({"kind": "experiment", **fields, "cells": len(cells), "keys": keys})
        return
    rows = dict(flat({**fields, "seeds": in_ranges(experiment.seeds)}))
    searched = "" if experiment.tune is None else ", whose settings `seqbench tune` searches first"
    click.echo(f"experiment {experiment.name}: {counted(len(cells), 'cell')}{searched}\n")
    print_rows("fields", ("field", "value"), [(name, _text(value)) for name, value in rows.items()])


def plugin_facts(catalog: Catalog, kind: str, plugin: Task | Model) -> Facts:
    """Return the facts about a task or a model that need neither data nor torch."""
    origin = catalog.origins[kind, plugin.name]
    parameters = [
        {
            "name": parameter.name,
            "type": parameter.type_name,
            "value": getattr(plugin, parameter.name),
            "default": parameter.default,
            "is_data_source": parameter.is_data_source,
        }
        for parameter in parameters_of(type(plugin))
    ]
    return {
        "kind": kind,
        "name": plugin.name,
        "version": plugin.version,
        "plugin": origin.plugin,
        "distribution": origin.distribution,
        "distribution_version": origin.version,
        "description": cleandoc(type(plugin).__doc__ or "") if first_line(type(plugin)) else "",
        "parameters": parameters,
        "bibtex": cleandoc(reference_of(type(plugin))) or None,
    }


def task_facts(task: Task, length: int, seed: int) -> Facts:
    """Return the facts about a task at one length with one seed.

    Raises:
        DataError: its data are missing.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        data = task.load(length, seed)
    for warning in caught:
        click.echo(f"warning: {task.name}: {one_line(str(warning.message))}", err=True)
    return {
        "length": length,
        "seed": seed,
        "time_steps": task.time_steps(length),
        "needs_causal": task.needs_causal,
        "inputs": repr(data.inputs),
        "targets": repr(data.targets),
        "decoding": None if data.decoding is None else repr(data.decoding),
        "examples": {"train": len(data.train), "validation": len(data.validation), "test": len(data.test)},
        "metrics": [
            {"name": m.name, "best": m.best, "is_higher_better": m.is_higher_better} for m in data.metrics
        ],
        "baselines": [
            {"name": b.name, "scores": dict(b.scores), "is_reference": b.is_reference} for b in data.baselines
        ],
        "reference": reference(data.baselines, data.metrics[0]).name,
        "facts": dict(data.facts),
        "example": data.show(0),
    }


def model_facts(model: Model, input_size: int = Training().embedding_size) -> Facts:
    """Return the sizes of a model's layer for a number of features per step."""
    from seqbench.network.network import count_parameters, layer_sizes, state_growth

    layer = model.build(input_size)
    output_size, state_size = layer_sizes(layer, input_size)
    return {
        "input_size": input_size,
        "output_size": output_size,
        "layer_parameters": count_parameters(layer),
        "state_size": state_size if model.is_causal else 0,
        "state_growth": state_growth(layer, input_size) if model.is_causal and state_size else 0,
        "is_causal": model.is_causal,
        "time_exponent": model.time_exponent,
        "trains_embedding": model.trains_embedding,
        "remarks": list(model.remarks(layer)),
    }


def _print_plugin(told: Facts) -> None:
    origin = f"{told['distribution']} {told['distribution_version']}"
    click.echo(f"{told['kind']} {told['name']}, version {told['version']}, from {origin}\n")
    if told["description"]:
        click.echo(on_lines(readable(told["description"])) + "\n")
    meaning = meanings(told["description"])
    print_rows(
        f"parameters (seqbench run --set {told['name']}.NAME=VALUE)",
        ("name", "type", "value", "default", "what it is"),
        [
            (p["name"], p["type"], _text(p["value"]), _text(p["default"]), meaning.get(p["name"], ""))
            for p in told["parameters"]
        ],
    )


def _print_sources(told: Facts) -> None:
    if told["bibtex"]:
        click.echo(f"\nTo be cited by (seqbench cite {told['name']}):\n\n{on_lines(told['bibtex'], 20_000)}")


def _print_task(told: Facts) -> None:
    examples = ", ".join(f"{n} {split}" for split, n in told["examples"].items())
    decoding = {"decoding": told["decoding"]} if told["decoding"] else {}
    lines = {
        "inputs": told["inputs"],
        "targets": told["targets"],
        **decoding,
        "examples": examples,
        **told["facts"],
    }
    click.echo(
        f"At length {told['length']} with seed {told['seed']}: a network reads"
        f" {counted(told['time_steps'], 'time step')} (what lags and gradient horizons count)"
    )
    if told["needs_causal"]:
        lines["models"] = "that do not look ahead: inputs hold earlier targets (teacher forcing)"
    for name, value in lines.items():
        click.echo(f"  {name:<{max(map(len, lines))}}  {_text(value)}")
    click.echo()
    print_rows("metrics", ("metric", "direction", "best", ""), _metric_rows(told))
    print_table(_baselines(told), stdout())
    click.echo(f"A worked example (number 0 of the test split):\n\n{on_lines(told['example'], 20_000)}")


def _metric_rows(told: Facts) -> list[tuple[str, ...]]:
    return [
        (
            metric["name"],
            "higher is better" if metric["is_higher_better"] else "lower is better",
            number(metric["best"]),
            "" if i else "primary: skill is measured by it",
        )
        for i, metric in enumerate(told["metrics"])
    ]


def _baselines(told: Facts) -> Table:
    names = [metric["name"] for metric in told["metrics"]]
    rows = tuple(
        (Entry(baseline["name"]), *(_score(baseline["scores"].get(name)) for name in names))
        for baseline in told["baselines"]
    )
    line = f"Skill is measured from: {told['reference']}"
    return Table("baselines, on the test split", (line,), ("baseline", *names), rows, keys=1)


def _score(value: float | None) -> Entry:
    return Entry("") if value is None else Entry(number(value), value)


def _text(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(_text(item) for item in value) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{name}={_text(item)}" for name, item in flat(value)) or "none"
    return "null" if value is None else str(value)
