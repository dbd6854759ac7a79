"""Tests that references are parsed as BibTeX, and that other texts are refused with a reason."""

from __future__ import annotations

import pytest

from seqbench import load_catalog
from seqbench.contracts.references import entries
from seqbench.plugins.citations import Cited, cited, distinct

TWO = """
    @Article{ one1990 , title={A {B} c}, year = 1990}

    @inproceedings{two,
      author = {X},
      title = "No braces",
    }
"""


def test_entries_are_read_with_their_keys_and_whole_texts() -> None:
    first, second = entries(TWO)
    assert (first.kind, first.key, second.key) == ("article", "one1990", "two")
    assert first.text == "@Article{ one1990 , title={A {B} c}, year = 1990}"
    assert second.text.startswith("@inproceedings{two,\n  author = {X},\n")
    assert second.text.endswith("\n}")
    assert entries("") == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Elman 1990", "an entry begins with @KIND{KEY"),
        ("@article{x, title = {A}", "the entry x is not closed"),
        ("@article{x, author = {A title = of}}", "the entry x has no title"),
        ("@article{x, title = {A}} and more", "here stands 'and more'"),
        ("@article{title = {A}}", "an entry begins with"),
    ],
)
def test_text_that_is_no_bibtex_is_refused(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        entries(text)


def test_references_of_the_bundled_plugins_name_what_their_docstrings_cite() -> None:
    catalog = load_catalog()
    assert not catalog.remarks
    known = {name: [e.key for e in cited("model", name, catalog).entries] for name in ("rnn", "lstm", "gru")}
    assert known == {"rnn": ["elman1990"], "lstm": ["hochreiter1997", "gers2000"], "gru": ["cho2014"]}
    for kind, offers in (("task", catalog.tasks), ("model", catalog.models)):
        for name, plugin in offers.items():
            for entry in cited(kind, name, catalog).entries:
                year = entry.key[-4:]
                assert f"year = {{{year}}}" in entry.text
                assert year in (plugin.__doc__ or "") or name == "forecasting", (name, entry.key)


def test_entry_that_two_share_is_printed_once_and_a_clash_is_told() -> None:
    one, other = (entries(f"@misc{{k, title = {{{title}}}}}") for title in ("A", "B"))
    kept, clashes = distinct([Cited("model", "x", one), Cited("model", "y", one), Cited("task", "z", other)])
    assert [entry.text for entry in kept] == ["@misc{k, title = {A}}"]
    assert clashes == ["x and z have different entries under the key k; that of x is kept"]
