"""Tests that an address that is none, or at which no cluster listens, is refused in seconds."""

from __future__ import annotations

import socket
import threading

import pytest

from seqbench import ExperimentError
from seqbench.executors.ray.addresses import check_address


@pytest.mark.parametrize("address", ["nonsense", "host:99999", "http://host:8265", "host:", ":6379"])
def test_address_that_is_none_says_how_to_write_one(address: str) -> None:
    with pytest.raises(ExperimentError, match="write HOST:PORT"):
        check_address(address)


def test_address_at_which_no_cluster_listens_is_refused_in_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seqbench.executors.ray.addresses.SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(ExperimentError, match=f"no Ray cluster at {address}: something else answers there"):
            check_address(address)
    with pytest.raises(ExperimentError, match=f"no Ray cluster at {address}: connection refused"):
        check_address(address)
    # What speaks HTTP/2, as a cluster does, begins with its settings.
    with socket.create_server(("127.0.0.1", 0)) as there:
        answering = threading.Thread(target=settings_to, args=[there])
        answering.start()
        check_address(f"127.0.0.1:{there.getsockname()[1]}")
        answering.join()


def settings_to(there: socket.socket) -> None:
    with there.accept()[0] as caller:
        caller.sendall(bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]))
