"""Tests that JSON that two readers could read differently is refused."""

from __future__ import annotations

import re

import pytest

from seqbench import Catalog
from seqbench.board.bundle.archive import RefusedError
from seqbench.board.bundle.strict_json import strict_json
from tests.board.reasons import reasons
from tests.boards import unzipped, with_manifest


def test_json_that_two_readers_could_read_differently_is_refused(tiny_bundle: bytes, tiny_offers: Catalog) -> None:
    files = unzipped(tiny_bundle)
    name = sorted(files)[1]
    twice = files[name].replace(b'"status": "ok"', b'"status": "failed", "status": "ok"')
    nan = re.sub(rb'"hidden_size": 8', b'"hidden_size": NaN', files[name])
    for text, why in ((twice, "stands twice"), (nan, "NaN is no number"), (b"\xff", "no strict JSON")):
        assert why in reasons(with_manifest({**files, name: text}, lambda manifest: None), tiny_offers)
    half = with_manifest(files, lambda manifest: manifest["about"].update(name="half a pair: \ud800"))
    assert "is no manifest of schema version 1: about.name" in reasons(half, tiny_offers)
    with pytest.raises(RefusedError, match="no strict JSON"):
        strict_json(b"[" * 100_000, "deep")
