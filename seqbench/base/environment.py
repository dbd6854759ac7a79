"""Describes what a cell runs on: versions, machine, device and source revision, as plain data for records."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

PACKAGES = (
    "seqbench",
    "torch",
    "pytorch-lightning",
    "torchmetrics",
    "datasets",
    "numpy",
    "pandas",
    "scikit-learn",
)


def describe() -> dict[str, Any]:
    """Return the facts that need no torch; called once for a sweep."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processor": processor(),
        "cores": os.cpu_count(),
        "packages": versions(),
        "git_revision": git_revision(Path(__file__).parents[1]),
    }


def available_cores() -> int:
    """Return how many cores this process may use."""
    # Linux can tell; macOS cannot.
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def versions() -> dict[str, str]:
    """Return the version of every installed package that can move a score."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def processor() -> str:
    """Return the processor's name as the system gives it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def git_revision(package: Path) -> str | None:
    """Return the commit of a checkout, with ``+changes`` if files differ from it; None if it is not a checkout.

    Args:
        package: the folder of a package at the top of the checkout.
    """
    try:
        said = subprocess.run(
            ["git", "-C", str(package), "describe", "--always", "--abbrev=40", "--match=", "--dirty=+changes"],
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    # A package installed inside somebody else's checkout is not under that revision.
    is_source = (package.parent / "pyproject.toml").is_file()
    return said.stdout.strip() or None if said.returncode == 0 and is_source else None


def computing() -> dict[str, Any]:
    """Return the device and the processor on which this process computes; only torch knows them.

    Versions, device, its libraries and ``processor_class`` together decide the bits of a score; see
    `seqbench.base.processor.processor_class`.
    """
    import torch

    from seqbench.base.processor import processor_class

    found: dict[str, Any] = {"device": "cpu", "processor_class": processor_class()}
    if torch.cuda.is_available():
        cudnn: Any = torch.backends.cudnn
        libraries = {"cuda": torch.version.cuda, "cudnn": cudnn.version()}
        found |= {"device": torch.cuda.get_device_name(0), "gpu_libraries": libraries}
    return found
