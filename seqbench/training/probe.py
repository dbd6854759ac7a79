"""Measures how gradients flow back through untrained models, on noise or on a task's data.

Each network starts from the same weights that `seqbench run` gives it with the same seed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from seqbench.base.seeds import derive_seed, generator
from seqbench.contracts.examples import Batch
from seqbench.contracts.inputs import InputKind, Values
from seqbench.contracts.model import Model
from seqbench.contracts.targets import TargetKind, endings, last_step
from seqbench.errors import ContractError, ExperimentError, PluginError, unknown
from seqbench.experiment.schema import Training
from seqbench.gradients.flow import Flow, Headline, headline, summarise_flow, summarise_input
from seqbench.gradients.measure import measure_flow
from seqbench.network.copies import exact
from seqbench.network.network import Network, build_network
from seqbench.network.weight_groups import weight_groups
from seqbench.plugins.catalog import Catalog
from seqbench.plugins.faults import faults_told, owner
from seqbench.plugins.parameters import make, parameters_of

EMBEDDING_SIZE = Training().embedding_size
"""Features of an embedded token, and channels of the noise."""


@dataclass(frozen=True)
class Finding:
    """The gradient flow of one model at initialisation.

    Attributes:
        model, version: name and version.
        parameters: all of them.
        flow: the curves.
        headline: the summary to show, and where it was measured.
    """

    model: str
    version: int
    parameters: Mapping[str, Any]
    flow: Flow
    headline: Headline

    def ln_factor(self, steps: int) -> float | None:
        """Return ln of the gain per step to the power of ``steps``; None if the gain is unknown."""
        ln_gain = self.headline.summary.ln_gain
        return None if ln_gain is None else ln_gain * steps


@dataclass(frozen=True)
class Fault:
    """Why one model could not be measured.

    Attributes:
        model: its name.
        reason: a sentence.
    """

    model: str
    reason: str


@dataclass(frozen=True)
class Source:
    """The examples that the networks see.

    Attributes:
        batch: the examples.
        inputs, targets: their kinds.
    """

    batch: Batch
    inputs: InputKind
    targets: TargetKind


@dataclass(frozen=True)
class ReadOut(TargetKind):
    """One random linear read-out of the last step, used as the loss, so that dL/dh_T is W for every example."""

    @property
    def head_size(self) -> int:
        """One number."""
        return 1

    def outputs(self, hidden: Tensor, lengths: Tensor, head: nn.Module) -> Tensor:
        """Return the read-out: [batch]."""
        read: Tensor = head(last_step(hidden, lengths))
        return read[:, 0]

    def losses(self, hidden: Tensor, batch: Batch, head: nn.Module, start: int = 0) -> tuple[Tensor, Tensor]:
        """Return the read-out of each sequence that ends in these steps."""
        last, rows = endings(hidden, batch.lengths, start)
        read: Tensor = head(last)
        return read[:, 0], rows


@dataclass(frozen=True)
class ProbeSettings:
    """How each network is made and measured; see `probe`."""

    seed: int
    draws: int
    gain: float | None
    from_scored: bool


def probe(
    models: Sequence[str],
    catalog: Catalog,
    length: int,
    *,
    task: str | None = None,
    parameters: Mapping[str, Mapping[str, Any]] | None = None,
    seed: int = 0,
    batch_size: int = 16,
    draws: int = 3,
    gain: float | None = None,
    from_scored: bool = False,
) -> tuple[Finding | Fault, ...]:
    """Measure each model's gradient flow at initialisation; one that fails does not affect the others.

    Args:
        models: names; each is measured on the same examples.
        catalog: where models and the task are found.
        length: of the task or of the noise, in steps.
        task: the networks see its first validation examples; None for `noise`.
        parameters: task or model -> parameter -> value.
        seed: of the data, the start and the random vectors.
        batch_size: examples at most.
        draws: random vectors for each example.
        gain: see `set_gain`.
        from_scored: count the lags of the loss from an example's last scored step; of noise that is the last one.

    Returns:
        One entry for each model, in the order of ``models``.

    Raises:
        SeqbenchError: a name, a parameter or the gain is invalid, or a task's data are missing.
    """
    _check(models, task, parameters or {}, gain)
    values = {model: (parameters or {}).get(model, {}) for model in models}
    chosen = [make(catalog.model(model), given) for model, given in values.items()]
    if task is None:
        source = noise(length, batch_size, seed)
    else:
        source = _task_source(catalog, task, (parameters or {}).get(task, {}), length, batch_size, seed)
    settings = ProbeSettings(seed, draws, gain, from_scored)
    return tuple(_found(model, catalog, source, settings) for model in chosen)


def _found(model: Model, catalog: Catalog, source: Source, settings: ProbeSettings) -> Finding | Fault:
    """Measure one model.

    Raises:
        ExperimentError: see `set_gain`.
    """
    try:
        with faults_told(f"{owner('model', model.name, catalog.origins)} cannot be measured"):
            flow = _flow(model, source, settings)
    except (ContractError, PluginError) as error:
        return Fault(model.name, str(error))
    known = {parameter.name: getattr(model, parameter.name) for parameter in parameters_of(type(model))}
    found = headline(summarise_flow(flow), summarise_input(flow))
    return Finding(model.name, model.version, known, flow, found)


def _flow(model: Model, source: Source, settings: ProbeSettings) -> Flow:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(settings.seed, "initialisation"))
        network = build_network(model, source.inputs, source.targets, EMBEDDING_SIZE)
    if settings.gain is not None:
        set_gain(network, settings.gain, model.name)
    return measure_flow(
        network,
        source.batch,
        seed=derive_seed(settings.seed, "gradients"),
        draws=settings.draws,
        from_scored=settings.from_scored,
    )


def noise(length: int, batch_size: int, seed: int) -> Source:
    """Return inputs of independent standard normal numbers, read out at the last step.

    >>> list(noise(5, 2, seed=0).batch.inputs.shape)
    [2, 5, 32]
    """
    inputs = torch.randn(batch_size, length, EMBEDDING_SIZE, generator=generator(seed, "noise", length))
    batch = Batch(inputs, torch.zeros(batch_size), torch.full((batch_size,), length))
    return Source(batch, Values(EMBEDDING_SIZE), ReadOut())


def set_gain(network: Network, gain: float, model: str) -> None:
    """Give each matrix in the group V of weights the spectral radius ``gain``; the network becomes float64.

    V is the group of weights of that name, as the model has it. Each V becomes ``gain`` times the orthogonal
    (or unitary) matrix nearest to it (the polar factor of V; Higham 1986), so that all its eigenvalues and all its
    singular values have the size ``gain``. A V that starts orthogonal is only scaled.
    In a single linear layer every norm then changes by exactly this factor per step; a matrix with only this
    spectral radius would reach it in the limit.

    Raises:
        ExperimentError: the group V is empty, or holds something else than square matrices.
    """
    exact(network)
    matrices = weight_groups(network).get("V", [])
    if not matrices:
        raise ExperimentError(_not_scaled(f"{model} has no weights in that group"))
    for weight in matrices:
        if weight.ndim != 2 or weight.shape[0] != weight.shape[1]:
            size = " x ".join(map(str, weight.shape))
            raise ExperimentError(_not_scaled(f"V of {model} holds one of {size}, as gated layers do"))
    for weight in matrices:
        left, _, right = torch.linalg.svd(weight.detach())
        weight.data = gain * left @ right


def _not_scaled(reason: str) -> str:
    return f"--gain scales square matrices in the group V of weights, and {reason}; leave out the model or --gain"


def _task_source(
    catalog: Catalog, name: str, values: Mapping[str, Any], length: int, batch_size: int, seed: int
) -> Source:
    made = make(catalog.task(name), values)
    with faults_told(f"{owner('task', name, catalog.origins)} cannot load its data"):
        data = made.load(length, seed)
    rows = torch.arange(min(batch_size, len(data.validation)))
    return Source(data.validation.batch(rows), data.inputs, data.targets)


def _check(
    models: Sequence[str], task: str | None, parameters: Mapping[str, Mapping[str, Any]], gain: float | None
) -> None:
    for name in models:
        if models.count(name) > 1:
            raise ExperimentError(f"the model {name} stands here twice; keep one")
    measured = [*models, *([task] if task else [])]
    for name in parameters:
        if name not in measured:
            raise ExperimentError("--set: " + unknown("model or task of this command", name, measured))
    if gain is not None and not (gain > 0 and math.isfinite(gain)):
        raise ExperimentError(f"the gain is {gain}; it must be a finite number above 0")
