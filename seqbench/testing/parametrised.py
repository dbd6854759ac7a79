"""Turns one test function of pytest into a test for each check.

pytest is imported when a test file is collected, and only then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from seqbench.plugins.catalog import Catalog
from seqbench.testing.outcome import Check, CheckSkipped
from seqbench.testing.subjects import Subject, checks


def checks_for(
    subject: Subject, *, catalog: Catalog | None = None, skip: Mapping[str, str] | None = None
) -> Callable[[Callable[..., Any]], Any]:
    """Decorate a test function with one argument, ``check``, so that it runs once for each check.

    ::

        @seqbench.testing.checks_for("mymodel")
        def test_contract(check):
            check()

    Args:
        subject, catalog, skip: as for `seqbench.testing.checks`.
    """
    import pytest

    found = list(checks(subject, catalog=catalog, skip=skip))
    return pytest.mark.parametrize("check", [_skipping(check) for _, check in found], ids=[id for id, _ in found])


def _skipping(check: Check) -> Check:
    def run() -> None:
        import pytest

        try:
            check()
        except CheckSkipped as reason:
            pytest.skip(str(reason))

    return run
