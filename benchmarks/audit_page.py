"""Writes the page of the audit of published layers from the results of its checks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

Check = Mapping[str, Any]

_HEAD = """# Published layers, checked

Layers of packages from the Python registry, checked with `seqbench check module` as
[the kit](../../docs/plugin-kit.md) does it: with random inputs of 5 features, on one CPU, outputs compared in
float64 to 1e-6 of their size. A leak or a difference is told relative to the size of the outputs. The table states
what was seen with these versions and these arguments; what each package says of its layer is below. A promise that
a package does not make is not broken: a layer without a state that is handed back, for instance, is no fault.

- **causal**: no output depends on later inputs, in evaluation and in training; else the size of the leak.
- **pieces**: a sequence in pieces of 1, 2, 7 or 32 steps, with the state handed back, gives the outputs of the
  whole; else the difference for each size.
- **zeros**: a state of zeros means the same as no state.
- **weights**: each trainable number gets a gradient; else how many get none.
- **dropout**: its dropout acts in training; `-` if none was asked for. `no` may mean that it acts between layers
  only, and there is one.
- **float64**, **bf16**: it runs, and answers, in that type.
- **rows**: no row of a batch changes another one's outputs.
- **growth**: processor time of a forward pass at 2048 steps by that at 256, a factor of 8 in length; and the
  exponent. Below 1 the shorter pass is mostly fixed costs.

"""


_SKIPPED = {"is above 0": "-", "does not run in bfloat16": "raises", "the layer is complex": "complex"}


def page(listed: Mapping[str, Any], results: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the page as Markdown.

    Args:
        listed: the content of layers.yaml.
        results: name of a layer -> the result of its checks.
    """
    shown = [layer for layer in listed["layers"] if layer["name"] in results]
    head = ("layer", "causal", "pieces", "zeros", "weights", "dropout", "float64", "bf16", "rows", "growth")
    rows = [_row(layer, results[layer["name"]]) for layer in shown if "error" not in results[layer["name"]]]
    table = [" | ".join(head), " | ".join(["---"] * len(head)), *(" | ".join(row) for row in rows)]
    packages = {layer["package"] for layer in shown}
    about = f"{len(rows)} layers of {len(packages)} packages, torch {listed['torch']}.\n\n"
    details = "\n".join(_details(layer, results[layer["name"]]) for layer in shown)
    foot = (
        "\n---\n\nMade by `python -m benchmarks.audit` from [layers.yaml](layers.yaml); the results of all"
        " checks are in the files beside it.\n"
    )
    return _HEAD + about + "\n".join(f"| {line} |" for line in table) + "\n\n" + details + foot


def _row(layer: Mapping[str, Any], result: Mapping[str, Any]) -> tuple[str, ...]:
    checks = {check["id"]: check for check in result["checks"]}
    return (
        f"{layer['layer'].partition(':')[2]} ({layer['name']}), {layer['package']}",
        _causal(checks["causality"]),
        _pieces(checks["carry-over"]),
        _zeros(checks),
        _weights(checks["parameters"]),
        _kept(checks["dropout"]),
        _kept(checks["float64"]),
        _kept(checks["bfloat16"]),
        _kept(checks["batch"]),
        _growth(checks["time"]),
    )


def _kept(check: Check) -> str:
    if check["status"] == "skipped":
        return next((word for part, word in _SKIPPED.items() if part in check["message"]), "not told")
    return "yes" if check["status"] == "passed" else "no"


def _causal(check: Check) -> str:
    leaks = {name.removeprefix("leak "): value for name, value in check["figures"].items()}
    if check["status"] != "failed" or not leaks:
        return _kept(check)
    return "no: " + ", ".join(f"{_size(value)} {mode}" for mode, value in leaks.items() if _size(value) != "right")


def _pieces(check: Check) -> str:
    if check["status"] == "skipped":
        return "no state" if "returns None" in check["message"] else "not told"
    if check["status"] == "passed":
        return "yes"
    found = {name.removeprefix("pieces of "): value for name, value in check["figures"].items()}
    return "no: " + (", ".join(f"{size}: {_size(value)}" for size, value in found.items()) or "raises")


def _size(value: float | None) -> str:
    if value is None:
        return "not finite"
    return "right" if value <= 1e-6 else f"{value:.1g}"


def _zeros(checks: Mapping[str, Check]) -> str:
    found = checks["state"]["figures"].get("zeros instead of no state")
    if found is None:
        return "no state" if "returns None" in checks["carry-over"]["message"] else "not told"
    return "yes" if found <= 1e-6 else f"no: {found:.1g}"


def _weights(check: Check) -> str:
    idle = check["figures"].get("without a gradient")
    if check["status"] == "failed" and idle:
        return f"no: {idle:,} of {check['figures']['trainable numbers']:,} without"
    return _kept(check)


def _growth(check: Check) -> str:
    found = check["figures"].get("growth from 256 to 2048 steps")
    return _kept(check) if found is None else f"{found:.0f} ({math.log(max(found, 1e-9)) / math.log(8):.1f})"


def _details(layer: Mapping[str, Any], result: Mapping[str, Any]) -> str:
    """Return a section about one layer: the call, what the package says, and each failed check."""
    arguments = f" with {layer['arguments']}" if layer.get("arguments") else ""
    lines = [f"## {layer['name']}\n", f"`{layer['layer']}`{arguments}, {layer['package']}.", ""]
    lines.append(f"- It is said to be: {layer['promises']}.")
    if "error" in result:
        return "\n".join([*lines, f"- It cannot be called: {_line(result['error'])}", ""])
    found = next(check["message"] for check in result["checks"] if check["id"] == "outputs")
    lines += [f"- Found out by trying: {found}."] if found and not found.startswith("expected") else []
    for check in result["checks"]:
        if check["status"] == "failed":
            lines.append(f"- `{check['id']}`: {_line(_part(check['message'], 'found'))}")
        elif check["status"] == "skipped" and _is_worth_telling(check["message"]):
            lines.append(f"- `{check['id']}` was skipped: {_line(check['message'])}")
    return "\n".join([*lines, ""])


def _is_worth_telling(message: str) -> bool:
    return not any(part in message for part in ("no GPU", "is above 0", "returns None"))


def _part(message: str, name: str) -> str:
    parts = [line for line in message.split("\n") if line.startswith(f"{name}: ")]
    return parts[0].removeprefix(f"{name}: ") if parts else message


def _line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 400 else f"{line[:400]}..."
