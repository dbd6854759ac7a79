"""Writes an experiment as a YAML file that makes the same cells when it is read."""

from __future__ import annotations

from typing import Any

import yaml

from seqbench.base.ranges import in_ranges
from seqbench.experiment.schema import Experiment
from seqbench.experiment.strict_yaml import read_scalar


def written(experiment: Experiment) -> str:
    """Return the YAML of an experiment: every field, so that a later default moves no cell; no empty ones.

    >>> written(Experiment(tasks=["copy"], models=["lstm"], lengths=[16], seeds="0..4")).splitlines()[1:5]
    ['tasks: [copy]', 'models: [lstm]', 'lengths: [16]', 'seeds: [0..4]']
    """
    told = {
        name: value
        for name, value in experiment.model_dump(mode="json").items()
        if value not in ("", [], {}, None)
    }
    told["seeds"] = in_ranges(experiment.seeds)
    return yaml.dump(told, Dumper=_Dumper, sort_keys=False, default_flow_style=None, width=100, allow_unicode=True)


class _Dumper(yaml.SafeDumper):
    """Quotes every text that our reader would take for something else, and writes no anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    is_other = not text.startswith("[") and read_scalar(text) != text
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"' if is_other else None)


_Dumper.add_representer(str, _text)
