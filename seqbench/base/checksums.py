"""Puts a checksum at the end of a JSON object on one line, and checks it.

A record with a changed byte is detected without parsing it. A record that another program rewrote in another
form has no checksum at its end and is parsed. Imports nothing of seqbench.
"""

from __future__ import annotations

import hashlib
import json
import re

FIELD = "checksum"
"""The last field of a record file: the SHA-256 of the same line without it."""

_SEAL = re.compile(rb', "checksum": "sha256:([0-9a-f]{64})"\}\n\Z')
_LENGTH = len(', "checksum": "sha256:"}\n') + 64
_END = b"}\n"


class BrokenSealError(ValueError):
    """The content of a file does not match its checksum."""


def sealed(line: str) -> str:
    """Return a JSON object on one line with its checksum as its last field.

    >>> sealed('{"a": 1}\\n')[:37]
    '{"a": 1, "checksum": "sha256:e8c628ed'
    """
    return f'{line[:-2]}, "{FIELD}": "sha256:{hashlib.sha256(line.encode()).hexdigest()}"}}\n'


def is_sealed(content: bytes) -> bool:
    """Say whether a file ends with a checksum in the form of `sealed`, right or wrong."""
    return _SEAL.match(content, max(0, len(content) - _LENGTH)) is not None


def check_seal(content: bytes) -> None:
    """Check the checksum of a file that `is_sealed`.

    Raises:
        BrokenSealError: it is wrong.
    """
    found = hashlib.sha256(memoryview(content)[:-_LENGTH])
    found.update(_END)
    if found.hexdigest().encode() != content[-3 - 64 : -3]:
        raise BrokenSealError("its content does not have its checksum: it was damaged after it was written")


def unsealed(content: bytes) -> bytes:
    """Return the object in a file that `is_sealed`, without its checksum."""
    return content[:-_LENGTH] + _END


def opened(content: bytes) -> bytes:
    """Return the object without its checksum.

    Raises:
        BrokenSealError: the checksum is wrong.
        ValueError: the content is not JSON.
    """
    if is_sealed(content):
        check_seal(content)
        return unsealed(content)
    if b'"checksum"' not in content:
        return content
    # Rewritten in another form, e.g. by an editor: the checksum belongs to the old bytes.
    parsed = json.loads(content)
    if isinstance(parsed, dict):
        parsed.pop(FIELD, None)
    return json.dumps(parsed).encode()
