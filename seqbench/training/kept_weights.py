"""Writes and reads the weights of a trained network, with all that is needed to build the network again.

It is a safetensors file: tensors by name, and a JSON text with the kinds of inputs and targets.
Reading it runs no code.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from seqbench.base.atomic_files import write_atomically
from seqbench.base.plain_files import read_plain
from seqbench.contracts.decoding import Decoding
from seqbench.contracts.inputs import InputKind
from seqbench.contracts.targets import TargetKind
from seqbench.contracts.task import TaskData
from seqbench.errors import StoreError, reason
from seqbench.network.network import Network
from seqbench.records.schema import WeightsData
from seqbench.training.stored_kinds import UnkeepableError, kind_data, kind_of

log = logging.getLogger(__name__)

FORMAT = 1
"""Rises when the content of a file changes its meaning."""

_ENTRY = "seqbench"


@dataclass(frozen=True)
class Kept:
    """The content of a file of weights.

    Attributes:
        weights: the state_dict of the network.
        inputs, targets: the kinds of the task's data.
        decoding: how it generates tokens; None if it does not.
        fitted: `TaskData.fitted`, as read back from JSON.
    """

    weights: dict[str, Tensor]
    inputs: InputKind
    targets: TargetKind
    decoding: Decoding | None
    fitted: Mapping[str, Any]


def keep_weights(
    path: Path | None, network: Network, data: TaskData, key: str
) -> tuple[WeightsData | None, dict[str, str]]:
    """Write a network's weights if there is a path; return the record's entry for them, and its notes.

    If they cannot be kept, the cell still has its scores, and the notes say why.
    """
    if path is None:
        return None, {}
    try:
        return write_weights(path, network, data, key), {}
    except UnkeepableError as error:
        log.warning("no weights are kept: %s", error)
        return None, {"weights": str(error)}


def write_weights(path: Path, network: Network, data: TaskData, key: str) -> WeightsData:
    """Write a network's weights; the file is written whole or not at all.

    Args:
        path: the file; its folder is made.
        network: the trained network.
        data: its task's data, for their kinds and the values fitted on them.
        key: of the cell.

    Raises:
        UnkeepableError: the file cannot be written, or the network or the task holds something that a file cannot.
    """
    from safetensors.torch import save

    tensors, complexes = _parts(network)
    about = {
        "format": FORMAT,
        "key": key,
        "inputs": kind_data(data.inputs),
        "targets": kind_data(data.targets),
        "decoding": None if data.decoding is None else dataclasses.asdict(data.decoding),
        "fitted": dict(data.fitted),
        "complex": complexes,
    }
    try:
        content = save(tensors, {_ENTRY: json.dumps(about, allow_nan=False)})
    except (TypeError, ValueError, KeyError) as error:
        raise UnkeepableError(f"a file of weights cannot hold them: {error}") from error
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, content)
    except OSError as error:
        raise UnkeepableError(f"{path} cannot be written: {reason(error)}") from error
    return WeightsData(sha256=hashlib.sha256(content).hexdigest(), bytes=len(content))


def read_weights(path: Path, expected: WeightsData) -> Kept:
    """Read a file of weights; a plugin that defines kinds must be loaded before.

    Args:
        path: the file.
        expected: the record's entry for it.

    Raises:
        StoreError: the file is missing, is not the one that the record names, or has unknown content.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        content = read_plain(path)
    except OSError as error:
        raise StoreError(f"the weights {path} cannot be read: {reason(error)}; {RUN_AGAIN}") from error
    if hashlib.sha256(content).hexdigest() != expected.sha256:
        raise StoreError(
            f"the weights {path} are not those that the record tells of: the file has another SHA-256, as it was"
            f" damaged or replaced; {RUN_AGAIN}"
        )
    try:
        tensors, about = load(content), _about(content)
    except (SafetensorError, ValueError, KeyError) as error:
        raise StoreError(f"{path} is no file of weights of seqbench: {error}; {RUN_AGAIN}") from error
    if about.get("format") != FORMAT:
        raise StoreError(
            f"{path} has format {about.get('format')} and this seqbench reads {FORMAT}; use the one that wrote it"
        )
    for name in about["complex"]:
        tensors[name] = torch.view_as_complex(tensors[name])
    decoding = None if about["decoding"] is None else Decoding(**about["decoding"])
    kinds = kind_of(InputKind, about["inputs"], path), kind_of(TargetKind, about["targets"], path)
    return Kept(tensors, *kinds, decoding, about["fitted"])


RUN_AGAIN = "the same run with on-existing fresh and keep-weights runs its cell again"


def _parts(network: Network) -> tuple[dict[str, Tensor], list[str]]:
    """Return the tensors of a network, complex ones as pairs of numbers, and the names of the complex ones."""
    tensors, complexes = {}, []
    for name, part in network.state_dict().items():
        if not isinstance(part, Tensor):
            raise UnkeepableError(
                f"the layer keeps {name}, which is no tensor, among its weights (get_extra_state)"
            )
        if part.is_complex():
            complexes.append(name)
            part = torch.view_as_real(part.resolve_conj())
        # A copy for each name: a file cannot say that two weights are one.
        tensors[name] = part.detach().cpu().clone(memory_format=torch.contiguous_format)
    return tensors, complexes


def _about(content: bytes) -> dict[str, Any]:
    """Return the metadata of a file; its header is a length of 8 bytes, and that many bytes of JSON."""
    head = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    about: dict[str, Any] = json.loads(head["__metadata__"][_ENTRY])
    return about
