"""Reports whether this machine is ready, and what a maintainer would ask about it: ``seqbench doctor``."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
from collections.abc import Iterator
from typing import Any

import click

from seqbench.base.printable import one_line
from seqbench.cli.console import print_json, print_rows
from seqbench.cli.exit_status import CHECK_FAILED
from seqbench.data.cache import cache_folder
from seqbench.errors import PluginError
from seqbench.plugins.catalog import Catalog
from seqbench.plugins.hooks import GROUP
from seqbench.plugins.load import load_catalog

_VARIABLES = ("HF_HOME", "HF_HUB_OFFLINE", "CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS")
Facts = dict[str, Any]


@click.command()
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout.")
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """Check versions, devices, plugins and caches.

    Ends with status 4 if a plugin is broken.
    """
    told = examine()
    if as_json:
        print_json(told)
    else:
        _print(told)
    ctx.exit(CHECK_FAILED if told["problems"] else 0)


def examine() -> Facts:
    """Return all facts as strings, numbers, and lists and dicts of them."""
    plugins, problems, remarks = _plugins()
    return {
        "versions": {"python": platform.python_version(), **_versions()},
        "machine": _machine(),
        "devices": _devices(),
        "cache": _cache(),
        "variables": _variables(),
        "plugins": plugins,
        "problems": problems,
        "remarks": remarks,
    }


def _versions() -> dict[str, str]:
    required = importlib.metadata.requires("seqbench") or []
    # A requirement starts with the distribution's name; those of an extra name it after a semicolon.
    names = [re.split(r"[^A-Za-z0-9._-]", text, maxsplit=1)[0] for text in required if "extra ==" not in text]
    return {name: _version(name) for name in ("seqbench", *names)}


def _version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _machine() -> Facts:
    import psutil

    memory = psutil.virtual_memory()
    return {
        "platform": platform.platform(),
        "cores": os.cpu_count(),
        "memory_bytes": memory.total,
        "memory_available_bytes": memory.available,
    }


def _devices() -> list[str]:
    import torch

    gpus = [f"cuda:{i} {torch.cuda.get_device_name(i)}" for i in range(torch.cuda.device_count())]
    return ["cpu", *gpus, *(["mps"] if torch.backends.mps.is_available() else [])]


def _cache() -> Facts:
    folder = cache_folder()
    sizes = [path.stat().st_size for path in folder.glob("*") if path.is_file()]
    return {"folder": str(folder), "files": len(sizes), "bytes": sum(sizes)}


def _variables() -> dict[str, str | None]:
    ours = sorted(name for name in os.environ if name.startswith("SEQBENCH_"))
    return {name: os.environ.get(name) for name in (*ours, *_VARIABLES)}


def _plugins() -> tuple[list[Facts], list[str], list[str]]:
    """Return every plugin, the broken ones, and faults that should be fixed although the plugin works."""
    try:
        catalog = load_catalog()
    except PluginError as error:
        return [], [str(error)], []
    points = sorted(importlib.metadata.entry_points(group=GROUP), key=lambda point: point.name)
    plugins = [
        {
            "plugin": point.name,
            "distribution": point.dist.name if point.dist else None,
            "version": point.dist.version if point.dist else None,
            "gives": sorted(_gives(catalog, point.name)),
        }
        for point in points
    ]
    return plugins, [str(problem) for problem in catalog.problems], [str(remark) for remark in catalog.remarks]


def _gives(catalog: Catalog, plugin: str) -> Iterator[str]:
    for (kind, name), origin in catalog.origins.items():
        if origin.plugin == plugin:
            yield f"{kind} {name}"


def _print(told: Facts) -> None:
    machine, cache = told["machine"], told["cache"]
    gib = {name: machine[name] / 2**30 for name in ("memory_bytes", "memory_available_bytes")}
    print_rows("versions", ("package", "version"), told["versions"].items())
    print_rows(
        "machine",
        ("what", "found"),
        [
            ("platform", machine["platform"]),
            ("cores", str(machine["cores"])),
            ("memory", f"{gib['memory_bytes']:.1f} GiB, {gib['memory_available_bytes']:.1f} GiB of it available"),
            ("devices", ", ".join(told["devices"])),
            ("cache", f"{cache['folder']}: {cache['files']} files, {cache['bytes'] / 2**20:.1f} MiB"),
            *(
                (name, "not set" if value is None else one_line(value))
                for name, value in told["variables"].items()
            ),
        ],
    )
    rows = [(p["plugin"], f"{p['distribution']} {p['version']}", ", ".join(p["gives"])) for p in told["plugins"]]
    print_rows("plugins", ("plugin", "from", "gives"), rows)
    for problem in told["problems"]:
        click.echo(f"broken: {one_line(problem, 2000)}")
    for remark in told["remarks"]:
        click.echo(f"works, but: {one_line(remark, 2000)}")
    if not told["problems"]:
        click.echo("All plugins are sound.")
