"""Continues texts with a trained network: its task turns a text into tokens, and the written tokens into text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from seqbench.base.seeds import generator
from seqbench.contracts.inputs import InputKind
from seqbench.contracts.task import Symbol, Task
from seqbench.decoding.continuing import continued
from seqbench.decoding.drawing import Drawing, Drawn, drawing_of
from seqbench.decoding.sampling import Sampling
from seqbench.errors import ContractError
from seqbench.network.network import Network
from seqbench.training.one_thread import one_quiet_thread


@dataclass(frozen=True)
class Generated:
    """A text that a network wrote after a prompt.

    Attributes:
        text: without the prompt.
        prompt, tokens: the tokens that it read and those that it wrote; a token may be the labels of a step.
        log_probabilities: of each written token, in nats, as the network itself gives it: before temperature,
            top-k and top-p.
    """

    text: str
    prompt: tuple[Symbol, ...]
    tokens: tuple[Symbol, ...]
    log_probabilities: tuple[float, ...]


@dataclass(frozen=True)
class Writer:
    """A trained network whose task can continue a text.

    Attributes:
        network: in evaluation mode.
        task: turns texts into tokens and back.
        inputs: the kind that it was trained on.
        fitted: `TaskData.fitted`, as read back from JSON.

    Raises:
        ContractError: the task cannot continue a text, its kinds are others, or the model looks ahead.
    """

    network: Network
    task: Task
    inputs: InputKind
    fitted: Mapping[str, Any]

    def __post_init__(self) -> None:
        """Refuse what cannot be continued."""
        if not self.task.can_generate:
            self.task.text([], self.fitted)
        if not self.network.is_causal:
            raise ContractError(
                "the model looks ahead: what it says of a step depends on later steps, which are not written yet;"
                " generate needs a model that looks back only"
            )
        if drawing_of(self.inputs, self.network.targets) is None:
            raise ContractError(
                f"the task {self.task.name} has inputs of {self.inputs} and targets of {self.network.targets}; to"
                " continue a text it needs Tokens and StepClass, and a token for each class, or Values and"
                " StepLabels, and a channel for each label"
            )

    @property
    def drawing(self) -> Drawing:
        """What the network writes at a step."""
        found = drawing_of(self.inputs, self.network.targets)
        assert found is not None
        return found

    def prompt(self, text: str) -> list[Symbol]:
        """Return the tokens of a text's beginning.

        Raises:
            DataError: the text cannot be turned into tokens.
            ContractError: the task returned no token.
        """
        tokens = [_symbol(token) for token in self.task.prompt(text, self.fitted)]
        if not tokens:
            raise ContractError(f"the task {self.task.name} is to return one token or more for a prompt")
        return tokens

    def text(self, tokens: Sequence[Symbol]) -> str:
        """Return the text of tokens."""
        return self.task.text(list(tokens), self.fitted)

    def file(self, tokens: Sequence[Symbol], ending: str) -> bytes:
        """Return the content of a file of tokens.

        Raises:
            ContractError: the task makes no such file.
            DataError: what makes it is not installed.
        """
        return self.task.file(list(tokens), ending, self.fitted)

    def check(self, sampling: Sampling) -> None:
        """Refuse settings that mean nothing for what is written.

        Raises:
            ExperimentError: there are such settings.
        """
        self.drawing.check(sampling)

    def continued(
        self, prompt: Sequence[Symbol], sampling: Sampling, *, seed: int, sample: int
    ) -> Iterator[Drawn]:
        """Yield the tokens that follow, without end.

        Args:
            prompt: the tokens of `prompt`.
            sampling: how a token is chosen.
            seed: of the random numbers.
            sample: which of several samples it is, from 0: each has a stream of its own.

        Raises:
            ExperimentError: as for `check`.
        """
        self.check(sampling)
        return continued(self.network, prompt, sampling, generator(seed, "generate", sample), self.drawing)

    def generate(self, prompt: str, *, tokens: int, sampling: Sampling, seed: int, sample: int) -> Generated:
        """Return so many tokens after a text; see `continued`.

        Raises:
            ValueError: ``tokens`` is below 1, ``seed`` or ``sample`` below 0, or one of them no whole number.
        """
        for name, value, least in (("tokens", tokens, 1), ("seed", seed, 0), ("sample", sample, 0)):
            if not isinstance(value, int) or value < least:
                raise ValueError(f"{name} is {value!r}; it must be a whole number, at least {least}")
        if not isinstance(prompt, str):
            raise ValueError(f"prompt is {prompt!r}; it must be a text, empty for one from its start")
        given = self.prompt(prompt)
        with one_quiet_thread():
            drawn = list(islice(self.continued(given, sampling, seed=seed, sample=sample), tokens))
        written = tuple(each.token for each in drawn)
        chances = tuple(each.log_probability for each in drawn)
        return Generated(self.text(written), tuple(given), written, chances)


def _symbol(token: Symbol) -> Symbol:
    """Return a token of a task as plain numbers."""
    return int(token) if not isinstance(token, Sequence) else tuple(int(label) for label in token)
