"""Audits layers of other packages: checks which of its promises each of them keeps.

    python -m benchmarks.audit [NAME...] [--environment DIR]

Makes a new virtual environment, installs this seqbench as a wheel and the packages of results/audits/layers.yaml
in their pinned versions, runs `seqbench check module --json` for each layer, and writes results/audits/NAME.json
and the page results/audits/README.md. With names, only these layers are checked again. An environment that exists
is used as it is.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from benchmarks.audit_page import page
from seqbench.base.nested import flat

HERE = Path(__file__).resolve().parent.parent
AUDITS = HERE / "results" / "audits"
TIME_LIMIT = 60.0
"""Seconds that one check may take; a slower one counts as skipped."""


def main() -> None:
    """Check the layers, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="layers to check; all by default")
    parser.add_argument(
        "--environment", type=Path, help="an environment that has everything, instead of a new one"
    )
    parser.add_argument("--only-page", action="store_true", help="write the page from the results that are there")
    asked = parser.parse_args()
    listed = yaml.safe_load((AUDITS / "layers.yaml").read_text(encoding="utf-8"))
    layers = {layer["name"]: layer for layer in listed["layers"]}
    chosen = [layers[name] for name in asked.names or layers]
    if not asked.only_page:
        with tempfile.TemporaryDirectory(prefix="seqbench-audit-") as folder:
            python = asked.environment or _environment(Path(folder), listed)
            for layer in chosen:
                found = audit(python / "bin" / "python", layer, Path(folder))
                (AUDITS / f"{layer['name']}.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
                print(f"{layer['name']}: {found.get('failed', found.get('error'))}", flush=True)
    results = {
        name: json.loads((AUDITS / f"{name}.json").read_text(encoding="utf-8"))
        for name in layers
        if (AUDITS / f"{name}.json").is_file()
    }
    (AUDITS / "README.md").write_text(page(listed, results), encoding="utf-8")


def audit(python: Path, layer: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return the checks of a layer, or under ``error`` why it cannot be called."""
    words = [str(python), "-m", "seqbench", "check", "module", "--json", "--time-limit", str(TIME_LIMIT)]
    words += ["--set", f"module.layer={layer['layer']}", "--set", f"module.package={layer['package']}"]
    for name, value in flat(layer.get("arguments", {}), "module.arguments."):
        words += ["--set", f"{name}={value if isinstance(value, str) else json.dumps(value)}"]
    done = subprocess.run(words, cwd=folder, env=_alone(), capture_output=True, text=True, check=False)
    if done.returncode not in (0, 4):
        return {"error": done.stderr.strip().removeprefix("seqbench: ")}
    told = json.loads(done.stdout)
    first = next((check for check in told["checks"] if check["id"] == "outputs"), None)
    if first and first["status"] == "failed" and "no way to call it was found" in first["message"]:
        return {
            "error": first["message"].partition("no way to call it was found")[2].partition("\nchange:")[0].strip()
        }
    for check in told["checks"]:
        # Seconds differ from run to run, and the page shows none.
        del check["seconds"]
    return dict(told)


def _environment(folder: Path, listed: Mapping[str, Any]) -> Path:
    """Make a virtual environment with this seqbench, torch and all packages."""
    place = folder / "environment"
    venv.create(place, with_pip=True)
    pip = [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    packages = sorted({layer["package"].replace(" ", "==") for layer in listed["layers"]})
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", str(folder), str(HERE)], check=True
    )
    (wheel,) = folder.glob("seqbench-*.whl")
    subprocess.run([*pip, f"torch=={listed['torch']}", str(wheel), *packages], env=_alone(), check=True)
    return place


def _alone() -> dict[str, str]:
    """Return the environment variables without the paths of this process's Python."""
    return {**{name: value for name, value in os.environ.items() if name != "PYTHONPATH"}, "OMP_NUM_THREADS": "1"}


if __name__ == "__main__":
    main()
