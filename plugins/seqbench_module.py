"""Offers the model ``module``: a layer of any package, named by the import path of its class."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from seqbench import ExperimentError, LayerClass, Model, hookimpl, names_code

if TYPE_CHECKING:
    from torch import nn

_EXAMPLE, _OF_EXAMPLE = "torch.nn:GRU", {"hidden_size": 128}


@dataclass(frozen=True)
class Module(Model):
    """A layer of any package that is installed, or of a file in the current folder.

    Which argument takes the number of input features, which axis is the batch's, and where outputs and state are,
    is found out by trying; ``seqbench show module`` tells it. The layer is called without a state at a sequence's
    start.

    Attributes:
        layer: the import path of the class, a ``torch.nn.Module``, such as ncps.torch:CfC.
        arguments: those of its constructor, but for the number of input features: module.arguments.units=64. A
            mapping is the arguments of a class of its own, which the signature or its key ``class`` names.
        package: distribution and version that the class comes from, or the beginning of a hash of its file; filled
            in. Another version is another model. Given, it is compared with what is installed.
    """

    name: ClassVar[str] = "module"
    version: ClassVar[int] = 1
    layer: str = names_code(_EXAMPLE)
    arguments: dict[str, Any] = names_code(factory=dict)
    package: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.layer == _EXAMPLE and not self.arguments:
            object.__setattr__(self, "arguments", dict(_OF_EXAMPLE))
        self._class.check()
        found = self._class.source
        if self.package not in ("", found):
            raise ValueError(f"{self.layer} is of {found} here, and {self.package} was asked for; install that")
        object.__setattr__(self, "package", found)

    @cached_property
    def _class(self) -> LayerClass:
        return LayerClass(self.layer, self.arguments)

    @property
    def default_label(self) -> str:
        """The name of the class, such as ``module-cfc``."""
        return f"module-{self.layer.partition(':')[2].lower().strip('_').replace('_', '-')}"

    @property
    def time_exponent(self) -> float:
        """Any layer may be full attention."""
        return 2.0

    @property
    def width_parameters(self) -> tuple[str, ...]:
        """The argument whose number ``--weights`` replaces.

        Raises:
            ExperimentError: by their names, none of the arguments that are given is a width.
        """
        width = self._class.width
        if not width:
            raise ExperimentError(
                f"weights choose the width of {self.layer}, and none of the arguments given is a number with the"
                " name of a width, such as hidden_size, units, d_model or dim. Give the width a number, such as"
                " module.arguments.hidden_size=64, which is then replaced. If it is called otherwise, run the"
                " layer by a command of its own, without weights"
            )
        return (f"arguments.{width}",)

    def build(self, input_size: int) -> nn.Module:
        """Return the layer, called as the harness calls layers."""
        return self._class.build(input_size)

    def remarks(self, layer: nn.Module) -> Iterable[str]:
        """Return what was found out by trying."""
        return (self.package, *layer.form.told())  # type: ignore[operator, union-attr]


@hookimpl
def seqbench_models() -> Iterator[type[Model]]:
    """Yield the model."""
    yield Module
