"""Runs a diagonal linear system over many steps by products of matrices, block by block.

A convolution by FFT over a piece of 512 steps gives the same numbers, and takes three to four times as long on a
CPU, as the state after the piece has to be found too (128 features, 32 modes, a batch of 16).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import pad

STEPS = 32
"""Steps of a block. Measured with 128 features, 32 modes, a batch of 16 and 512 steps: 32 and 64 take the same
time, 16 and 128 about a quarter more; on 64 steps 32 takes less than 64."""


class System(NamedTuple):
    """s_t = a s_{t-1} + b u_t,  y_t = 2 Re(sum over the modes of c s_t), one such system for each feature.

    The factor 2 Re(...) stands for the second of each pair of conjugate modes, which is never computed.

    Attributes:
        log_a: logarithm of a, so that a^l is exp(l log_a): [features, modes], complex as all of them.
        b, c: [features, modes].
    """

    log_a: Tensor
    b: Tensor
    c: Tensor


def run(system: System, inputs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
    """Run a sequence, or the next piece of one.

    Args:
        system: see `System`.
        inputs: u, [batch, time, features].
        state: s before the first step, [batch, features, modes], complex.

    Returns:
        y, [batch, time, features], and s after the last step.
    """
    time = inputs.shape[1]
    if time == 1:
        return _step(system, inputs, state)
    whole, outputs = time - time % STEPS, []
    for piece, steps in ((inputs[:, :whole], STEPS), (inputs[:, whole:], time - whole)):
        if piece.shape[1]:
            found, state = _run_blocks(system, piece, state, steps)
            outputs.append(found)
    return torch.cat(outputs, dim=1), state


def _step(system: System, inputs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
    """Do one step as its equations say."""
    state = system.log_a.exp() * state + system.b * inputs[:, 0, :, None]
    return 2 * (system.c * state).sum(-1).real[:, None], state


def _run_blocks(system: System, inputs: Tensor, state: Tensor, steps: int) -> tuple[Tensor, Tensor]:
    """Run a sequence of whole blocks.

    With s_0 the state before a block, step t = 1 ... steps of it is

        y_t = sum over j <= t of K_{t-j} u_j + 2 Re(sum over the modes of c a^t s_0),  K_l = 2 Re(sum of c a^l b)
        s_steps = a^steps s_0 + sum over j of a^(steps-j) b u_j

    so that all is products of matrices for all blocks at once, but for the way of s from block to block. K is the
    convolution kernel (Gu et al. 2022, equation 4), and the a^l are the Vandermonde matrix of their section 3.3.
    """
    batch, time, features = inputs.shape
    blocks = time // steps
    log_a, b, c = system
    powers = _powers(log_a, steps + 1)
    u = inputs.permute(2, 0, 1).reshape(features, batch * blocks, steps)
    to_state = _pairs((powers[..., :-1].flip(-1) * b[..., None]).transpose(1, 2))
    driven = torch.view_as_complex(torch.bmm(u, to_state).view(features, batch, blocks, -1, 2))
    before, state = _passed_on(powers[:, None, :, -1], driven, state.transpose(0, 1))
    from_state = _pairs(2 * (c[..., None] * powers[..., 1:]).conj().transpose(1, 2)).transpose(1, 2)
    y = torch.baddbmm(
        torch.bmm(u, _toeplitz(_kernel(system, powers[..., :-1]))), _pairs(before.flatten(1, 2)), from_state
    )
    return y.view(features, batch, time).permute(1, 2, 0), state.transpose(0, 1)


def _powers(log_a: Tensor, count: int) -> Tensor:
    """Return a^0, a^1, ...: [features, modes, count]; real functions take half as long as the complex one."""
    exponents = torch.arange(count, device=log_a.device)
    size, angle = (log_a.real[..., None] * exponents).exp(), log_a.imag[..., None] * exponents
    return torch.complex(size * angle.cos(), size * angle.sin())


def _passed_on(a: Tensor, driven: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
    """Return the state before each block and the last one, given what each block's inputs add to it.

    Args:
        a: factor of a block, [features, 1, modes].
        driven: [features, batch, blocks, modes].
        state: before the first block, [features, batch, modes].

    Returns:
        [features, batch, blocks, modes] and [features, batch, modes].
    """
    before = []
    for added in driven.unbind(2):
        before.append(state)
        state = a * state + added
    return torch.stack(before, dim=2), state


def _kernel(system: System, powers: Tensor) -> Tensor:
    """Return K, [features, steps], given a^0, a^1, ...: [features, modes, steps]."""
    return 2 * torch.bmm((system.c * system.b)[:, None], powers)[:, 0].real


def _toeplitz(kernel: Tensor) -> Tensor:
    """Return the matrices with K_{t-j} in row j and column t, 0 where t < j: [features, steps, steps]."""
    steps = kernel.shape[1]
    return pad(kernel, (steps - 1, 0)).unfold(1, steps, 1).flip(1)


def _pairs(modes: Tensor) -> Tensor:
    """Return complex numbers as pairs of real ones: [..., modes] -> [..., 2 * modes]."""
    return torch.view_as_real(modes.resolve_conj()).flatten(-2)
