"""Judges whether a plugin was written for a version of the contract that this seqbench supports.

The contract is what `seqbench.__all__` and the hooks promise to plugins; its version is one integer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

STATED_AS = "SEQBENCH_CONTRACT"
"""The name in a plugin's module that states the version of its contract."""


@dataclass(frozen=True)
class Contract:
    """The supported versions of the contract.

    Attributes:
        current: the newest one; plugins that state none are taken to be written for it.
        oldest: the oldest one that plugins may still be written for.
        changes: version -> what a plugin for the version before must change, in a sentence. A version that only
            adds to the contract is not listed: older plugins work unchanged.
    """

    current: int
    oldest: int
    changes: Mapping[int, str] = field(default_factory=dict)


# Version 2 adds kinds, decoding, layers that look ahead, constraints and references; it breaks nothing.
CONTRACT = Contract(current=2, oldest=1)


@dataclass(frozen=True)
class Verdict:
    """Whether a plugin can be used, by the version that it states.

    Attributes:
        fault: why it cannot be used; None if it can.
        remark: a note for its author; None if there is none.
    """

    fault: str | None = None
    remark: str | None = None


def judge(stated: Any, contract: Contract = CONTRACT) -> Verdict:
    """Compare the version that a plugin states with the supported ones.

    >>> judge(3, Contract(current=2, oldest=1)).fault
    'it is written for version 3 of the contract and this seqbench keeps 2: it needs a newer seqbench'
    """
    if stated is None:
        return Verdict()
    if not isinstance(stated, int) or isinstance(stated, bool):
        return Verdict(f"{STATED_AS} is to be an integer such as {contract.current}, and is {stated!r}")
    written = f"it is written for version {stated} of the contract"
    if stated > contract.current:
        return Verdict(f"{written} and this seqbench keeps {contract.current}: it needs a newer seqbench")
    since = "; ".join(
        f"{version}: {contract.changes[version]}"
        for version in range(max(stated, 0) + 1, contract.current + 1)
        if version in contract.changes
    )
    mend = f"mend it and set {STATED_AS} = {contract.current}. What has changed: {since}"
    if stated < contract.oldest:
        return Verdict(f"{written}, which this seqbench no longer keeps (the oldest is {contract.oldest}); {mend}")
    if since:
        return Verdict(remark=f"{written}, which still works; {mend}")
    return Verdict()
