"""Lists the Lightning loggers that may watch the training of cells, and where they write.

Each needs its own packages, which are checked before anything is trained and imported in the process of a cell.
Nothing leaves the machine unless the user's environment says so.
"""

from __future__ import annotations

import importlib.util
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqbench.errors import ExperimentError, unknown
from seqbench.experiment.cells import Cell
from seqbench.records.layout import Layout, stem

if TYPE_CHECKING:
    from pytorch_lightning.loggers import Logger

    from seqbench.training.logged_curves import CurveLogger

log = logging.getLogger(__name__)

"""Folder of the loggers' files, in the store's folder."""
_PROJECT = "seqbench"
_THEIRS = ("WANDB_", "MLFLOW_")


@dataclass(frozen=True)
class LoggerKind:
    """A logger that can be requested.

    Attributes:
        packages: what has to be installed.
        open: makes it; called with its folder, the name of the cell's files, and the cell's key.
        close: ends it.
        environment: variables that hold while it is open, unless the user has set them.
        prepare: makes what the cells share; called once with its folder, before any of them.
    """

    packages: tuple[str, ...]
    open: Callable[[Path, str, str], Logger]
    close: Callable[[Any], object]
    environment: Mapping[str, str]
    prepare: Callable[[Path], object] = lambda folder: None


def check_loggers(names: Iterable[str]) -> None:
    """Check that loggers can be used, before anything is trained.

    Raises:
        ExperimentError: one is unknown, or lacks a package.
    """
    for name in names:
        if name not in LOGGERS:
            raise ExperimentError(unknown("logger", name, LOGGERS))
        missing = [package for package in LOGGERS[name].packages if importlib.util.find_spec(package) is None]
        if missing:
            raise ExperimentError(
                f"the logger {name} needs what is not installed: {', '.join(missing)};"
                f" pip install 'seqbench[{name}]', or leave the logger {name} out"
            )


def prepare_loggers(names: Iterable[str], folder: Path) -> None:
    """Create the files that the loggers of all cells share, in a store's folder."""
    for name in names:
        with _environment(LOGGERS[name].environment):
            LOGGERS[name].prepare(Layout(folder).logger(name))


@contextmanager
def logger_callbacks(names: Sequence[str], folder: Path | None, cell: Cell) -> Iterator[list[CurveLogger]]:
    """Open loggers for a cell during the block; yield the callback, if any, that writes to them.

    A logger that fails is reported in the cell's log and no longer used; it never ends a cell.

    Args:
        names: of the loggers; none costs nothing.
        folder: the store's.
        cell: what is run.
    """
    if not names or folder is None:
        yield []
        return
    from seqbench.base.random_state import randomness_kept
    from seqbench.training.logged_curves import CurveLogger

    kinds = [LOGGERS[name] for name in names]
    with _environment({name: value for kind in kinds for name, value in kind.environment.items()}):
        opened: list[tuple[LoggerKind, Logger]] = []
        with randomness_kept():
            for name, kind in zip(names, kinds, strict=True):
                with _told(name):
                    logger = kind.open(Layout(folder).logger(name), stem(cell), cell.key)
                    logger.log_hyperparams(_described(cell))
                    opened.append((kind, logger))
        written = CurveLogger([logger for _, logger in opened])
        try:
            yield [written]
        finally:
            written.rest()
            for kind, logger in opened:
                with _told(type(logger).__name__), randomness_kept():
                    kind.close(logger)


def _tensorboard(folder: Path, name: str, key: str) -> Logger:
    from pytorch_lightning.loggers import TensorBoardLogger

    return TensorBoardLogger(folder, name=name, version="", default_hp_metric=False)


def _wandb(folder: Path, name: str, key: str) -> Logger:
    import wandb
    from pytorch_lightning.loggers import WandbLogger

    folder.mkdir(parents=True, exist_ok=True)
    settings = wandb.Settings(silent=True, console="off")
    return WandbLogger(name=name, save_dir=folder, project=_PROJECT, id=key, settings=settings)


def _finish_wandb(logger: Any) -> None:
    import wandb

    logger.experiment.finish()
    # This also ends its server process.
    wandb.teardown()


def _mlflow(folder: Path, name: str, key: str) -> Logger:
    from pytorch_lightning.loggers import MLFlowLogger

    place = str(folder / "artifacts")
    return MLFlowLogger(_PROJECT, name, _mlflow_address(folder), tags={"key": key}, artifact_location=place)


def _prepare_mlflow(folder: Path) -> None:
    # Cells that begin at the same moment would both make the tables.
    from mlflow.tracking import MlflowClient

    folder.mkdir(parents=True, exist_ok=True)
    client = MlflowClient(_mlflow_address(folder))
    if client.get_experiment_by_name(_PROJECT) is None:
        client.create_experiment(_PROJECT, artifact_location=str(folder / "artifacts"))


def _mlflow_address(folder: Path) -> str:
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{folder.resolve() / 'mlflow.db'}"


LOGGERS: Mapping[str, LoggerKind] = {
    "tensorboard": LoggerKind(("tensorboard",), _tensorboard, lambda logger: logger.finalize("success"), {}),
    "wandb": LoggerKind(
        ("wandb",),
        _wandb,
        _finish_wandb,
        {"WANDB_MODE": "offline", "WANDB_ERROR_REPORTING": "false"},
    ),
    "mlflow": LoggerKind(
        ("mlflow", "sqlalchemy", "alembic"),
        _mlflow,
        lambda logger: logger.finalize("success"),
        {"MLFLOW_DISABLE_TELEMETRY": "true"},
        _prepare_mlflow,
    ),
}
"""Name -> logger."""


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set variables that the user has not set; afterwards restore variables that the libraries have changed."""
    before = {name: value for name, value in os.environ.items() if name.startswith(_THEIRS)}
    os.environ.update({name: value for name, value in variables.items() if name not in before})
    try:
        yield
    finally:
        for name in [name for name in os.environ if name.startswith(_THEIRS)]:
            del os.environ[name]
        os.environ.update(before)


@contextmanager
def _told(what: str) -> Iterator[None]:
    try:
        yield
    except Exception:
        log.warning("the logger %s failed and is left alone", what, exc_info=True)


def _described(cell: Cell) -> dict[str, Any]:
    plugins = {"task": cell.task, "model": cell.model}
    named = {kind: plugin.name for kind, plugin in plugins.items()}
    parameters = {f"{kind}.{k}": v for kind, plugin in plugins.items() for k, v in plugin.parameters.items()}
    training = {f"training.{k}": v for k, v in cell.training.model_dump().items()}
    return {**named, "length": cell.length, "seed": cell.seed, **parameters, **training}
