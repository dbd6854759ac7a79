"""Holds the layer of the model ``s4d``: a diagonal state space for each feature, then a gated mixture of them."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, glu

from seqbench_ssm.blocks import System, run
from seqbench_ssm.initial import Initialisation, diagonal, log_steps

Discretisation = Literal["zoh", "bilinear"]


class DiagonalBlock(nn.Module):
    """y = GLU(W GELU(SSM(u)) + b), as in the experiments of Gu et al. (2022).

    Attributes:
        enter: the map of inputs to `hidden_size` features; the identity where they are as many.
        ssm: one system for each feature.
        mix: W, b.
    """

    def __init__(
        self,
        input_size: int,
        *,
        hidden_size: int,
        state_size: int,
        initialisation: Initialisation,
        discretisation: Discretisation,
    ) -> None:
        super().__init__()
        self.enter = nn.Identity() if input_size == hidden_size else nn.Linear(input_size, hidden_size)
        self.ssm = DiagonalSSM(hidden_size, state_size // 2, initialisation, discretisation)
        self.mix = nn.Linear(hidden_size, 2 * hidden_size)

    def forward(self, inputs: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Run a sequence, [batch, time, input_size], after a state, [batch, hidden_size, state_size / 2]."""
        outputs, state = self.ssm(self.enter(inputs), state)
        return glu(self.mix(gelu(outputs))), state


class DiagonalSSM(nn.Module):
    """ds/dt = A s + B u,  y = C s + D u with a diagonal A, in steps of dt; one for each feature.

    Real numbers hold the complex ones, as fused optimisers know no others.

    Attributes:
        log_decay, frequency: A = -exp(log_decay) + i frequency, [features, pairs].
        b, c: B and C, real and imaginary parts, [features, pairs, 2].
        d: D, [features].
        log_step: ln dt, [features].
    """

    def __init__(
        self, features: int, pairs: int, initialisation: Initialisation, discretisation: Discretisation
    ) -> None:
        super().__init__()
        modes = diagonal(initialisation, pairs)
        self.discretisation = discretisation
        self.log_decay = nn.Parameter(modes.decay.log().repeat(features, 1))
        self.frequency = nn.Parameter(modes.frequency.repeat(features, 1))
        self.b = nn.Parameter(torch.stack([modes.b, torch.zeros(pairs)], dim=-1).repeat(features, 1, 1))
        # Of variance 1 as complex numbers.
        self.c = nn.Parameter(torch.randn(features, pairs, 2) * 0.5**0.5)
        self.d = nn.Parameter(torch.randn(features))
        self.log_step = nn.Parameter(log_steps(features))

    def forward(self, inputs: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Run a sequence, or the next piece of one.

        Args:
            inputs: u, [batch, time, features].
            state: s after the piece before, [batch, features, pairs], complex; None at a sequence's start.

        Returns:
            y, [batch, time, features], and the state after the last step.
        """
        # A state in bfloat16 would lose what small steps add to it, and complex numbers know no autocast.
        with torch.autocast(inputs.device.type, enabled=False):
            system = self.system()
            u = inputs.to(system.c.real.dtype)
            if state is None:
                state = u.new_zeros(len(u), *system.c.shape, dtype=system.c.dtype)
            outputs, state = run(system, u, state)
            return (outputs + self.d * u).to(inputs.dtype), state

    def system(self) -> System:
        """Return the system in steps of dt (Gu et al. 2022, equation 3).

        ``zoh``: a = exp(dt A), b = (a - 1) / A * B.
        ``bilinear``: a = (1 + dt A / 2) / (1 - dt A / 2), b = dt B / (1 - dt A / 2).
        """
        # There are no complex numbers of bfloat16.
        dtype = torch.promote_types(self.d.dtype, torch.float32)
        a = torch.complex(-self.log_decay.to(dtype).exp(), self.frequency.to(dtype))
        b, c = (torch.view_as_complex(each.to(dtype)) for each in (self.b, self.c))
        step = self.log_step.to(dtype).exp()[:, None]
        if self.discretisation == "zoh":
            return System(step * a, torch.expm1(step * a) / a * b, c)
        half = step * a / 2
        return System(((1 + half) / (1 - half)).log(), step * b / (1 - half), c)
