"""Measures the gradient flow of one cell before, during and after its training.

Turned off, it does nothing and costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import torch

from seqbench.base.seeds import derive_seed
from seqbench.contracts.examples import Split
from seqbench.errors import ContractError
from seqbench.experiment.schema import Gradients
from seqbench.gradients.flow import summarise_flow, summarise_input
from seqbench.gradients.measure import measure_flow
from seqbench.gradients.training_norms import summarise_norms
from seqbench.network.network import Network
from seqbench.records.schema import FlowAt, GradientData
from seqbench.training.history import History


class GradientMonitor:
    """Measures one network on the same few validation examples each time."""

    def __init__(self, network: Network, validation: Split, settings: Gradients, seed: int) -> None:
        self._network = network
        self._settings = settings
        self._batch = validation.batch(torch.arange(min(settings.examples, len(validation))))
        self._seed = derive_seed(seed, "gradients")
        self._flows: list[FlowAt] = []
        self._problems: list[tuple[int, str]] = []
        self._measured: set[tuple[str, int]] = set()

    @property
    def after_step(self) -> Callable[[int], None] | None:
        """The function to call after every step; None if nothing is measured."""
        return self._after_step if self._settings.measure else None

    def measure(self, when: Literal["init", "during", "trained"], step: int) -> None:
        """Measure the flow, unless all of it is turned off or an earlier attempt at the cell has done it."""
        if not self._settings.measure or (when, step) in self._measured:
            return
        self._measured.add((when, step))
        device = next(self._network.parameters()).device
        batch = type(self._batch)(*(part.to(device) for part in self._batch))
        try:
            settings = self._settings
            flow = measure_flow(
                self._network,
                batch,
                seed=self._seed,
                draws=settings.draws,
                lags=settings.lags,
                from_scored=settings.from_scored,
            )
        except Exception as error:
            # For example a layer without float64: it has no curves, but its scores are valid.
            kind = "" if isinstance(error, (ContractError, RuntimeError)) else f"{type(error).__name__}: "
            self._problems.append((step, f"{when}: {kind}{error}"))
            return
        known = {"flow": flow, "summary": summarise_flow(flow), "input_summary": summarise_input(flow)}
        self._flows.append(FlowAt(when=when, step=step, **known))

    def data(self, history: History, clip: float | None) -> GradientData | None:
        """Return the measurements; None if they were turned off."""
        if not self._settings.measure:
            return None
        kept = history.norms
        norms = summarise_norms(kept.names, kept.of_groups(), clip) if kept.steps else None
        # Diverged training is reported up to the step at which it diverged, which is found some steps later.
        last = history.clock.steps_taken
        flows = tuple(flow for flow in self._flows if flow.step <= last)
        problems = tuple(problem for step, problem in self._problems if step <= last)
        return GradientData(flows=flows, norms=norms, problems=problems)

    def state(self) -> dict[str, Any]:
        """Return the state that `restore` takes, as texts."""
        return {
            "flows": [flow.model_dump_json() for flow in self._flows],
            "problems": list(self._problems),
            "measured": sorted(self._measured),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Restore earlier measurements."""
        self._flows = [FlowAt.model_validate_json(text) for text in state["flows"]]
        self._problems = list(state["problems"])
        self._measured = {(when, step) for when, step in state["measured"]}

    def _after_step(self, step: int) -> None:
        if self._settings.every is not None and step % self._settings.every == 0:
            self.measure("during", step)
