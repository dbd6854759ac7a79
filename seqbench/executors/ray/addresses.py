"""Tests whether a Ray cluster listens at an address; Ray itself tries silently for four minutes.

A cluster's port speaks gRPC, which is HTTP/2 (RFC 9113, section 3.4: a connection preface is answered by a
SETTINGS frame).
"""

from __future__ import annotations

import os
import re
import socket

from seqbench.errors import ExperimentError, reason

SECONDS = 5.0
"""How long a machine may take to answer."""
_FORM = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s:/\[\]]+):([0-9]{1,5})")
_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
_SETTINGS = 4
_ADVICE = "start a cluster with `ray start --head`, or leave executor.address and RAY_ADDRESS out to have one here"


def check_address(address: str) -> None:
    """Refuse an address at which no Ray cluster can be.

    Args:
        address: of a cluster, ``HOST:PORT``; ``auto`` is Ray's to find.

    Raises:
        ExperimentError: it is not written so, nothing answers there, or something else does.
    """
    if address == "auto":
        return
    found = _FORM.fullmatch(address)
    if found is None or not 0 < int(found[2]) < 2**16:
        raise ExperimentError(f"{address!r} is no address of a Ray cluster: write HOST:PORT, such as node1:6379")
    try:
        answer = _answer(found[1].strip("[]"), int(found[2]))
    except OSError as error:
        why = f"no answer in {SECONDS:g} s" if isinstance(error, TimeoutError) else reason(error)
        raise ExperimentError(f"no Ray cluster at {address}: {why}; {_ADVICE}") from error
    # A cluster with TLS does not answer a client without certificates.
    if os.environ.get("RAY_USE_TLS", "0") == "0" and answer[3:4] != bytes([_SETTINGS]):
        raise ExperimentError(f"no Ray cluster at {address}: something else answers there; {_ADVICE}")


def _answer(host: str, port: int) -> bytes:
    """Return the first bytes of the answer to an HTTP/2 client; empty if there is no answer."""
    with socket.create_connection((host, port), timeout=SECONDS) as there:
        there.sendall(_PREFACE)
        try:
            return there.recv(9)
        except (TimeoutError, ConnectionError):
            return b""
