"""Reads a text in its three parts: those that the data have, or parts cut off its end."""

from __future__ import annotations

from dataclasses import dataclass

from seqbench_texts.columns import texts_in

from seqbench import DataError, read_tables

PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class Shares:
    """How much of a text without parts is cut off for validation and test; 0 takes the training text itself."""

    validation: float
    test: float


def read_parts(data: str, column: str, shares: Shares) -> dict[str, str]:
    """Return part -> text, whose lines end in a line feed.

    Of what the data do not have, a part is cut off the end of the training text, the test last.

    Raises:
        DataError: there is no text to train on, or the column of a table is missing or holds something else.
    """
    found = {
        "train" if part == "all" else part: _joined(
            texts_in(table.reset_index(drop=True), column, "next-token.column", part)
        )
        for part, table in read_tables(data).items()
    }
    if not found.get("train", "").strip():
        raise DataError(f"next-token needs text to train on, and {data} has none; name other data")
    return completed(found, shares)


def completed(found: dict[str, str], shares: Shares) -> dict[str, str]:
    """Cut the parts that are missing off the end of the training text.

    >>> completed({"train": "a b\\nc d\\ne f\\n"}, Shares(0.2, 0.2))
    {'train': 'a b\\n', 'validation': 'c d\\n', 'test': 'e f\\n'}
    """
    missing = {
        part: share
        for part, share in (("test", shares.test), ("validation", shares.validation))
        if not found.get(part, "").strip()
    }
    train, cut = found["train"], {}
    for part, share in missing.items():
        size = round(share * len(found["train"]))
        train, cut[part] = _cut(train, size) if share else (train, "")
    if any(share and not cut[part].strip() for part, share in missing.items()) or not train.strip():
        raise DataError(
            f"the text of {len(found['train'])} characters is too short to cut off {', '.join(missing)}; give more"
            " text, or set next-token.test_share=0 and next-token.validation_share=0 to test on the training text"
        )
    parts = {part: found.get(part, "") if part not in cut else cut[part] or train for part in PARTS[1:]}
    return {"train": train, **parts}


def _cut(text: str, size: int) -> tuple[str, str]:
    """Cut about so many characters off the end of a text, at the end of a line or at least of a word."""
    place = len(text) - size
    for mark in ("\n", " "):
        ends = [end + 1 for end in (text.find(mark, place - 1), text.rfind(mark, 0, place)) if end >= 0]
        ends = [end for end in ends if 0 < end < len(text)]
        if ends:
            near = min(ends, key=lambda end: abs(end - place))
            return text[:near], text[near:]
    return text[:place], text[place:]


def _joined(texts: list[str]) -> str:
    return "".join(f"{text.removesuffix(chr(10))}\n" for text in texts)
