"""Finds or starts the Ray cluster and lists its resources. The only place that knows Ray's interface.

If none is named, a local cluster starts, and ends with the sweep. Nothing is printed and nothing reported.
"""

from __future__ import annotations

import logging
import math
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from seqbench.base.printable import one_line
from seqbench.errors import ExperimentError
from seqbench.executors.ray.addresses import check_address
from seqbench.executors.workers import Died
from seqbench.experiment.schema import Execution

_QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
_PASSED_ON = ("SEQBENCH_", "HF_")
"""Prefixes of environment variables that are passed to workers on other machines."""


class Cluster:
    """A cluster that this process is connected to.

    Args:
        ray: the module.
        settings: the cores and GPUs for each cell.
    """

    def __init__(self, ray: Any, settings: Execution) -> None:
        self._ray = ray
        self._settings = settings

    @property
    def room(self) -> int:
        """How many cells run at a time, at least one."""
        there, shares = self._ray.cluster_resources(), self._shares()
        return max(1, min(int(there.get(name, 0) / share) for name, share in shares.items() if share))

    def actor(self, kind: type) -> Any:
        """Return an actor on this machine, which is restarted if it dies."""
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        here = NodeAffinitySchedulingStrategy(self._ray.get_runtime_context().get_node_id(), soft=False)
        options = {"num_cpus": 0, "max_restarts": -1, "max_task_retries": -1, "scheduling_strategy": here}
        return self._ray.remote(kind).options(**options).remote()

    def task(self, function: Callable[..., Any]) -> Callable[[int], Any]:
        """Return a function that makes a task with a request for memory, in bytes."""
        remote, shares = self._ray.remote(function), self._shares()

        def with_memory(wanted: int) -> Any:
            # Ray would wait forever for more than the largest machine has.
            largest = max(node["Resources"].get("memory", 0) for node in self._ray.nodes() if node["Alive"])
            return remote.options(
                num_cpus=shares["CPU"], num_gpus=shares["GPU"], memory=int(min(wanted, largest)), max_retries=0
            )

        return with_memory

    def ended(self, tasks: Sequence[Any], seconds: float) -> list[Any]:
        """Wait for the first of the tasks that ends, and return all that have."""
        return list(self._ray.wait(tasks, num_returns=1, timeout=seconds)[0])

    def get(self, answer: Any) -> Any:
        """Return an actor's answer.

        Raises:
            ExperimentError: the cluster is gone, or this machine has left it.
        """
        try:
            return self._ray.get(answer)
        except self._ray.exceptions.RayError as error:
            raise ExperimentError(
                f"the Ray cluster is gone: {one_line(str(error))}; records that were written are intact, and"
                " the same command goes on"
            ) from error

    def result(self, task: Any) -> Any:
        """Return the result of a task; the death of the task or its machine is a result too."""
        errors = self._ray.exceptions
        try:
            return self._ray.get(task)
        except errors.OutOfMemoryError:
            return Died("since its machine was out of memory", of_memory=True)
        except errors.NodeDiedError:
            return Died("with its machine", of_machine=True)
        except errors.WorkerCrashedError:
            return Died("with its Ray worker or its machine")
        except errors.RayError as error:
            return Died(f"in Ray: {one_line(str(error), 2000)}")

    def cancel(self, task: Any) -> None:
        """End a task at once."""
        self._ray.cancel(task, force=True)

    def kill(self, actor: Any) -> None:
        """End an actor for good."""
        self._ray.kill(actor)

    def _shares(self) -> Mapping[str, float]:
        gpus = self._settings.gpus
        if gpus is None:
            gpus = 1.0 if self._ray.cluster_resources().get("GPU", 0) >= 1 else 0.0
        return {"CPU": self._settings.cpus, "GPU": gpus}


@contextmanager
def cluster(settings: Execution) -> Iterator[Cluster]:
    """Connect to the cluster that is named, or start a local one; leave it when the block ends.

    A connection that the caller has made already is used and stays.

    Raises:
        ExperimentError: Ray is not installed, or no cluster answers.
    """
    try:
        import ray
    except ImportError as error:
        raise ExperimentError(f"the executor ray needs Ray ({error}): pip install 'seqbench[ray]'") from error
    with _quiet():
        is_ours = not ray.is_initialized()
        if is_ours:
            _connect(ray, settings)
        try:
            yield Cluster(ray, settings)
        finally:
            if is_ours:
                ray.shutdown()


def _connect(ray: Any, settings: Execution) -> None:
    address = settings.address or os.environ.get("RAY_ADDRESS") or "local"
    if address.startswith("ray://"):
        raise ExperimentError(
            f"{address} is the address of a Ray client, and a sweep has to run on a machine of the cluster:"
            " start it there, or submit it there with `ray job submit`"
        )
    if address != "local":
        check_address(address)
    there = _local(settings) if address == "local" else {"runtime_env": {"env_vars": _passed_on()}}
    try:
        with _terminations_kept():
            ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR, **there)
    except (OSError, RuntimeError, ValueError) as error:
        if "AF_UNIX" in str(error):
            raise ExperimentError(
                "Ray cannot start here: the path of its folder for temporary files is too long for sockets; set"
                " RAY_TMPDIR to a folder with a short path, such as /tmp"
            ) from error
        raise ExperimentError(
            f"no Ray cluster at {address}: {one_line(str(error))}; start one with `ray start --head`, set"
            " RAY_AUTH_MODE=token where it asks for a token, or leave executor.address and RAY_ADDRESS out to have"
            " one on this machine"
        ) from error


def _local(settings: Execution) -> dict[str, Any]:
    wanted = math.ceil((settings.jobs or 1) * settings.cpus)
    # The requested number of cells runs at a time, even with fewer cores.
    return {"include_dashboard": False, "num_cpus": max(wanted, os.cpu_count() or 1)}


def _passed_on() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith(_PASSED_ON)}


@contextmanager
def _terminations_kept() -> Iterator[None]:
    """Keep the caller's SIGTERM handler, which Ray replaces when it connects."""
    handler = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if handler is not None and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, handler)


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence Ray's output and usage reports; the sweep reports deaths itself."""
    logger = logging.getLogger("ray")
    level, before = logger.level, {name: os.environ.get(name) for name in _QUIET}
    logger.setLevel(logging.ERROR)
    os.environ.update({name: value for name, value in _QUIET.items() if before[name] is None})
    try:
        yield
    finally:
        logger.setLevel(level)
        for name, value in before.items():
            if value is None:
                del os.environ[name]
