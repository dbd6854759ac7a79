"""Lists facts of papers about sequence models, each with the runs that would show it and what is expected.

A `Trained` fact compares test skill, a `Flow` fact numbers of ``seqbench gradients``. Nothing runs here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

SEEDS = (0, 1, 2)
RATES = (1e-3, 3e-3, 1e-2)
"""Learning rates that every model of a fact is trained with."""

SOLVED, NOT_SOLVED = 0.9, 0.5
"""Mean test skill from which a task counts as solved, and up to which it does not."""


@dataclass(frozen=True)
class Expected:
    """What a fact says of a model: the mean skill at a tested length is at least, or at most, so much."""

    model: str
    length: int
    at_least: float | None = None
    at_most: float | None = None

    def is_met(self, skill: float) -> bool:
        """Say whether a mean skill is as expected."""
        low, high = self.at_least, self.at_most
        return (low is None or skill >= low) and (high is None or skill <= high)

    def __str__(self) -> str:
        return f"at least {self.at_least}" if self.at_least is not None else f"at most {self.at_most}"


def solves(model: str, *lengths: int) -> tuple[Expected, ...]:
    """Expect that a model solves a task at these lengths."""
    return tuple(Expected(model, length, at_least=SOLVED) for length in lengths)


def fails(model: str, *lengths: int) -> tuple[Expected, ...]:
    """Expect that a model does not solve a task at these lengths."""
    return tuple(Expected(model, length, at_most=NOT_SOLVED) for length in lengths)


def _each(
    expect: Callable[..., tuple[Expected, ...]], models: Sequence[str], *lengths: int
) -> tuple[Expected, ...]:
    return tuple(each for model in models for each in expect(model, *lengths))


@dataclass(frozen=True, kw_only=True)
class Trained:
    """A fact about scores.

    Attributes:
        name, claim, paper: a word for the command line, the fact in a sentence, where it stands.
        task, settings: the task and its parameters.
        models: name -> parameters.
        lengths: at which networks are trained, each a cell of its own.
        expected: skills at lengths of ``lengths`` and of ``further``.
        training: fields of training; the learning rate is chosen by validation.
        weights: of the layer, the same for all models; None: as their parameters say.
        further: lengths at which trained networks are tested too.
        tried: what else was tried, and what was not.
    """

    name: str
    claim: str
    paper: str
    task: str
    settings: Mapping[str, Any]
    models: Mapping[str, Mapping[str, Any]]
    lengths: tuple[int, ...]
    expected: tuple[Expected, ...]
    training: Mapping[str, Any]
    weights: int | None = None
    further: tuple[int, ...] = ()
    rates: tuple[float, ...] = RATES
    tried: str = ""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A model whose gradient flow is measured over a number of steps.

    Attributes:
        model, settings, length: as for ``seqbench gradients``.
        low, high: the range in which the fact says that the number is, with every seed.
    """

    model: str
    length: int
    low: int
    high: int
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Flow:
    """A fact about gradients before training.

    Attributes:
        name, claim, paper, tried: as of `Trained`.
        number: what is compared, in words.
        measure: reads that number from a model's part of the JSON.
        cases: what is measured.
    """

    name: str
    claim: str
    paper: str
    number: str
    measure: Callable[[Mapping[str, Any]], float]
    cases: tuple[Case, ...]
    tried: str = ""


Fact = Trained | Flow


def horizon(measured: Mapping[str, Any]) -> float:
    """Return the horizon of the state gradient; the length where it is not reached.

    >>> horizon({"horizon": {"lag": 25, "is_censored": False}})
    25.0
    """
    return float(measured["horizon"]["lag"])


def reach(measured: Mapping[str, Any]) -> float:
    """Return the largest measured lag at which the input gradient is not exactly 0.

    Where it is, the logarithm of its norm is null; where it only leaves the range of floats, it is not.

    >>> curve = {"quantity": "input", "part": "all", "lags": [1, 2, 3], "ln_median": [-1, -9, None]}
    >>> reach({"curves": [curve]})
    2.0
    """
    (curve,) = (each for each in measured["curves"] if (each["quantity"], each["part"]) == ("input", "all"))
    return float(max(lag for lag, norm in zip(curve["lags"], curve["ln_median"], strict=True) if norm is not None))


def _receptive(layers: int, kernel_size: int, *further: int) -> tuple[Case, ...]:
    """Measure a tcn over exactly its receptive field, one step more, and further numbers of steps.

    Up to 65 steps every lag is measured; of more, not every one.
    """
    inputs = 1 + 2 * (kernel_size - 1) * (2**layers - 1)
    settings = {"layers": layers, "kernel_size": kernel_size, "hidden_size": 16}
    lengths = (inputs, inputs + 1, *further)
    return tuple(Case(model="tcn", settings=settings, length=n, low=inputs - 1, high=inputs - 1) for n in lengths)


CARRY = Flow(
    name="carry",
    claim="LRU and S4D carry a gradient over 1,000 steps at initialisation, and a default LSTM does not",
    paper="Orvieto et al. 2023, Gu et al. 2022; Hochreiter & Schmidhuber 1997 and Gers et al. 2000 for the LSTM",
    number="horizon: the largest lag at which the norm of the state gradient is still 1% of that at lag 1",
    measure=horizon,
    cases=(
        Case(model="lru", length=1000, low=1000, high=1000),
        Case(model="s4d", length=1000, low=1000, high=1000),
        Case(model="lstm", length=1000, low=0, high=999),
    ),
)

RECEPTIVE_FIELD = Flow(
    name="receptive-field",
    claim="The horizon of a TCN is its receptive field of 1 + 2 (kernel_size - 1) (2^layers - 1) inputs:"
    " the input gradient is exactly 0 beyond it",
    paper="Bai et al. 2018",
    number="largest lag at which the input gradient is not exactly 0; expected is the receptive field less the"
    " newest input",
    measure=reach,
    cases=(*_receptive(2, 3, 100), *_receptive(3, 5)),
)

PARITY = Trained(
    name="parity",
    claim="Parity learned at 16 steps generalises to 64 and 256 steps for an RNN and an LSTM, and not for"
    " attention",
    paper="Deletang et al. 2023, Liu et al. 2023, Merrill et al. 2024",
    task="state-tracking",
    settings={"group": "Z2"},
    models={"rnn": {}, "lstm": {}, "attention": {}},
    weights=10_000,
    lengths=(16,),
    further=(64, 256),
    expected=(
        *solves("rnn", 16, 64, 256),
        *solves("lstm", 16, 64, 256),
        *solves("attention", 16),
        *fails("attention", 64, 256),
    ),
    training={"steps": 3000, "batch_size": 32, "validate_every": 100, "stop_when_solved": 0.0},
    tried="With 1,000 training steps attention did not solve parity at 16 steps either: its mean skill was 0.641,"
    " and its validation accuracy was still rising, up to 0.905 for seed 2. With 3,000 it is at 0.897, just below"
    " the 0.9 that was asked for, and does not generalise. Networks that solve it stop early. Other widths and"
    " depths were not tried.",
)

RECALL = Trained(
    name="recall",
    claim="In 1,500 training steps attention solves associative recall of 4 pairs in 32 steps, and an LSTM of"
    " equal size does not",
    paper="Arora et al. 2023",
    task="recall",
    settings={"vocab_size": 64, "num_kv_pairs": 4},
    models={"attention": {}, "lstm": {}},
    weights=20_000,
    lengths=(32,),
    expected=(*solves("attention", 32), *fails("lstm", 32)),
    training={"steps": 1500, "batch_size": 64, "validate_every": 100, "stop_when_solved": 0.01},
    tried="The setting was chosen by validation scores of attention alone: in one trial with seed 9 and a"
    " learning rate of 0.003 it was at 0.656 after 250 training steps and at 0.991 after 500. With 600 steps,"
    " seed 2 was still at 0.282 with 0.003 and at 0.381 with 0.001, and the mean skill of the three seeds was"
    " 0.694; so there are 1,500 now. In an earlier trial at 64 steps, with vocab_size=128, batches of 32 and a"
    " learning rate of 0.01, it stayed near 0.25 up to step 1,000: that is the score of naming the values shown"
    " in any order. One lstm of nine left it before the end, for 0.464 (0.01, seed 2), so that more steps may"
    " tell another tale.",
)

_TRACKERS: Mapping[str, Mapping[str, Any]] = {
    "rnn": {"initialisation": "orthogonal"},
    "lstm": {},
    "attention": {},
    "s4d": {},
    "mamba": {},
}

STATE_TRACKING = Trained(
    name="state-tracking",
    claim="In 200 training steps an RNN and an LSTM learn to multiply elements of S3 at 16 steps, and attention,"
    " S4D and Mamba do not",
    paper="Merrill et al. 2024, Liu et al. 2023",
    task="state-tracking",
    settings={"group": "S3", "elements": "generators"},
    models=_TRACKERS,
    weights=10_000,
    lengths=(16,),
    further=(64,),
    expected=(*_each(solves, ("rnn", "lstm"), 16, 64), *_each(fails, ("attention", "s4d", "mamba"), 16, 64)),
    training={"steps": 200, "batch_size": 32, "validate_every": 50, "stop_when_solved": 0.0},
    tried="The papers' fact is about A5 and S5: if TC0 is not NC1, no network of these three kinds tracks them"
    " at every length, and nothing like that is known of S3; the next fact has S5. So attention, S4D and Mamba"
    " learn more slowly here, which does not show what they can express. The setting was chosen by validation"
    " scores of rnn and lstm alone: they learned S3 at 16 steps with seed 9; at 32 steps two rnn cells were at"
    " accuracies of 0.34 and 0.27 after 400 training steps, and with all elements, seed 9, lstm and rnn at 0.37"
    " after 500.",
)

STATE_TRACKING_S5 = Trained(
    name="state-tracking-s5",
    claim="In 2,400 training steps an RNN and an LSTM learn to multiply elements of S5 at 24 steps, and attention,"
    " S4D and Mamba do not, nor do they at 64 steps",
    paper="Merrill et al. 2024, Liu et al. 2023",
    task="state-tracking",
    settings={"group": "S5", "elements": "generators"},
    models=_TRACKERS,
    weights=25_000,
    lengths=(24,),
    further=(64,),
    expected=(*_each(solves, ("rnn", "lstm"), 24), *_each(fails, ("attention", "s4d", "mamba"), 24, 64)),
    training={"steps": 2400, "batch_size": 32, "validate_every": 100, "stop_when_solved": 0.01},
    tried="Short beginnings can be learned by heart: there are 729 rows of six generators. At 16 steps that was"
    " enough, with A5, batches of 64 and 2,000 training steps, for a skill of 0.68 (attention), 0.69 (mamba) and"
    " 0.70 (s4d), at the best rates that were run; rnn and lstm were at 0.99 and more. So sequences have 24 steps"
    " here. The setting was chosen by single trials with seed 9: with a learning rate of 0.003, validation"
    " accuracies after 1,200 and 2,000 training steps were 0.91 and 0.97 (lstm) and 0.81 and 0.88 (rnn), that of"
    " attention after 2,000 was 0.52; with 0.01 the rnn was at 0.73. At 32 steps and after 1,500 the lstm was at"
    " 0.80 and the rnn at 0.61. In the run none of the three solves it at 24 steps, but s4d and mamba are above"
    " the line of 0.5 drawn before it, at the highest rate that was tried; at 64 steps all three are far below the"
    " rnn and the lstm. Higher rates and longer training sequences were not run.",
)

FACTS: tuple[Fact, ...] = (CARRY, RECEPTIVE_FIELD, PARITY, RECALL, STATE_TRACKING, STATE_TRACKING_S5)
