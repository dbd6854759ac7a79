"""Finds out which part of what a layer returns is its state, and which argument takes it back."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from seqbench.wrapping.form import ALL, LAST_ROWS, LAST_STEP, Form, Key

_NAMES = ("hx", "state", "hidden", "h0", "h_0", "prev", "init", "mem", "cache", "past", "carry", "recurrent")
"""Parts of names of arguments that take a state."""
_MOST_ARGUMENTS = 10
_CONTINUES = 0.5
"""A state brings outputs at least this much nearer to those of the whole sequence than no state."""
_SOME = 1e-4


@dataclass(frozen=True)
class State:
    """Where a state is returned, and the argument that takes it."""

    keys: tuple[Key, ...]
    argument: str


Carried = Callable[[State | None, int], float]
"""(state or none, cut) -> distance of outputs after the cut from those of the whole sequence."""


def state_form(
    form: Form, returned: Any, parameters: Mapping[str, inspect.Parameter], steps: int, carried: Carried
) -> State | None:
    """Return where the state is and where it goes; None if nothing that is returned continues a sequence.

    Args:
        form: how the layer is called without a state.
        returned: what it returns then; None to try the last output as the state.
        parameters: of its forward.
        steps: of the sequence.
        carried: measures how well a state continues it.
    """
    without = {cut: carried(None, cut) for cut in (steps - 1, steps // 2)}
    cuts = [cut for cut, distance in without.items() if distance > _SOME]
    best: tuple[float, float, State] | None = None
    tried = _last_outputs(parameters) if returned is None else _candidates(form, returned, parameters)
    for state in tried if cuts else ():
        try:
            errors = [carried(state, cut) for cut in cuts]
        except Exception:
            # Another argument than the state's takes it wrongly, or not at all.
            continue
        nearest = min(error / without[cut] for cut, error in zip(cuts, errors, strict=True))
        if nearest < _CONTINUES and (best is None or (sum(errors), nearest) < best[:2]):
            best = (sum(errors), nearest, state)
    return best[2] if best else None


def _candidates(form: Form, returned: Any, parameters: Mapping[str, inspect.Parameter]) -> Iterator[State]:
    items: Iterable[tuple[Key, Any]] = ()
    if form.outputs is not None:
        items = returned.items() if isinstance(returned, Mapping) else enumerate(returned)
    others = {key: value for key, value in items if key != form.outputs and _is_state(value)}
    groups: list[tuple[Key, ...]] = [(key,) for key in others]
    if len(others) > 1:
        groups.append(tuple(others))
    for keys in groups:
        value = others[keys[0]]
        if len(keys) == 1 and isinstance(value, Mapping) and value and set(value) <= set(parameters):
            yield State(keys, ALL)
        for name in _arguments(parameters):
            yield State(keys, name)


def _last_outputs(parameters: Mapping[str, inspect.Parameter]) -> Iterator[State]:
    """Yield states that are the last output."""
    for key in (LAST_STEP, LAST_ROWS):
        yield from (State((key,), name) for name in _arguments(parameters) if _is_named_so(name))


def _arguments(parameters: Mapping[str, inspect.Parameter]) -> list[str]:
    """Return the optional arguments of forward, those first whose names tell of a state."""
    takes = [
        each
        for each in list(parameters.values())[1:]
        if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)
    ]
    optional = [each.name for each in takes if each.default is None]
    return sorted(optional, key=lambda name: not _is_named_so(name))[:_MOST_ARGUMENTS]


def _is_named_so(name: str) -> bool:
    return any(part in name for part in _NAMES)


def _is_state(value: Any) -> bool:
    """Say whether a value is tensors in tuples, lists and mappings, and at least one."""
    return _is_plain(value) and any(True for _ in _tensors(value))


def _is_plain(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(map(_is_plain, value.values()))
    if isinstance(value, (tuple, list)):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, Tensor)


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _tensors(each)
    elif isinstance(value, (tuple, list)):
        for each in value:
            yield from _tensors(each)
