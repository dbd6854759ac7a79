"""Decides whether two records come from the same kind of machine, where a cell has the same bits.

Reads environments of records, plain data. Imports nothing of seqbench.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

CLASS = "processor_class"
_PLAIN = ("python", "packages", "device", "gpu_libraries")
_SYSTEM = re.compile(r"(\w+)-.*?-(x86_64|amd64|aarch64|arm64)\b(.*)", re.IGNORECASE)


def is_same_kind(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool | None:
    """Say whether two environments are the same kind of machine, with the same versions.

    The processor's class, Python, packages, device, the libraries of a GPU, system and C library count; the
    kernel's version and the processor's name do not. None if nothing differs but one of them lacks a field:
    records of earlier versions have no class.
    """
    if any(_differences(one, other)):
        return False
    known = all(_is_known(each) for each in (one, other))
    return True if known else None


def machine_differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Return the differences between two machines as texts; of packages, only those that differ."""
    return list(_differences(one, other))


def class_text(environment: Mapping[str, Any]) -> str:
    """Return the class of a processor in a few words, or its name if the class was not recorded."""
    found = environment.get(CLASS)
    if not isinstance(found, Mapping) or not any(found.values()):
        return f"{environment.get('processor') or 'a processor'} (class not recorded)"
    vendor, *parts = (found.get(name) for name in ("vendor", "torch", "onednn", "mkl"))
    told = [f"{name} {part or 'unknown'}" for name, part in zip(("torch", "oneDNN", "MKL"), parts, strict=True)]
    return f"{vendor or 'unknown vendor'} ({', '.join(told)})"


def hardware_text(environment: Mapping[str, Any]) -> str:
    """Return what a cell was computed on: the GPU and the processor beside it, or the processor.

    >>> hardware_text({"device": "cpu", "processor": "AMD EPYC"}), hardware_text({"device": "NVIDIA H100"})
    ('AMD EPYC', 'NVIDIA H100, beside an unknown processor')
    """
    processor, device = environment.get("processor"), environment.get("device")
    if device in (None, "cpu"):
        return str(processor or "an unknown processor")
    return f"{device}, beside {processor or 'an unknown processor'}"


def _differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[str]:
    classes = [each.get(CLASS) for each in (one, other)]
    if all(isinstance(each, Mapping) for each in classes):
        if classes[0] != classes[1]:
            yield f"processor {class_text(one)} / {class_text(other)}"
        elif not _is_whole(one) and one.get("processor") != other.get("processor"):
            yield f"processor {one.get('processor')} / {other.get('processor')}"
    elif one.get("processor") and other.get("processor") and one["processor"] != other["processor"]:
        yield f"processor {one['processor']} / {other['processor']}"
    for name in _PLAIN:
        ours, theirs = one.get(name), other.get(name)
        if ours is not None and theirs is not None and ours != theirs:
            yield f"{name} {_told(ours, theirs)} / {_told(theirs, ours)}"
    ours, theirs = system(one.get("platform")), system(other.get("platform"))
    if ours and theirs and ours != theirs:
        yield f"system {ours} / {theirs}"


def system(platform: object) -> str | None:
    """Return system, machine and C library from the text of `platform.platform`, without the kernel's version.

    >>> system("Linux-6.18.44-x-x86_64-with-glibc2.36")
    'Linux-x86_64-with-glibc2.36'
    """
    if not isinstance(platform, str):
        return None
    found = _SYSTEM.fullmatch(platform)
    return f"{found[1]}-{found[2]}{found[3]}" if found else platform


def _is_known(environment: Mapping[str, Any]) -> bool:
    found = environment.get(CLASS)
    # Records of a GPU without its libraries are of a version that did not compute the same bits twice.
    needed = [
        name for name in (*_PLAIN, "platform") if name != "gpu_libraries" or environment.get("device") != "cpu"
    ]
    return isinstance(found, Mapping) and all(environment.get(name) is not None for name in needed)


def _is_whole(environment: Mapping[str, Any]) -> bool:
    found = environment.get(CLASS)
    return isinstance(found, Mapping) and bool(found) and all(found.values())


def _told(value: Any, other: Any) -> str:
    """Return a value; of packages, only those that have another version in the other environment."""
    if isinstance(value, Mapping) and isinstance(other, Mapping):
        names = sorted(name for name in {*value, *other} if value.get(name) != other.get(name))
        return ", ".join(f"{name} {value.get(name, 'absent')}" for name in names)
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)
