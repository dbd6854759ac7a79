"""Tests that YAML is read as version 1.2 says, and that what is unfit is refused with its line.

Modules: seqbench.experiment.no_value.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from seqbench import ExperimentError
from seqbench.experiment.schema import load
from seqbench.experiment.strict_yaml import read_yaml
from tests.experiment.mine import cells

DEEP = 20_000


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("tasks: [copy]\na: &x [*x]", 2, "the anchor &x is not understood"),
        ("tasks: [copy]\nmodels: *x", 2, "the alias *x is not followed; write its value here"),
        ("a: &a [1, 1]\nb: &b [*a, *a]\nc: &c [*b, *b]", 1, "the anchor &a"),
        ("\nparameters: " + "[" * DEEP + "]" * DEEP, 2, "more than 50 deep"),
        ("parameters: " + "{a: " * DEEP + "}" * DEEP, 1, "more than 50 deep"),
        ("\n".join(" " * level + "- " for level in range(200)), 51, "more than 50 deep"),
        ("lengths: [16]\nseeds: [" + "9" * 5000 + "]", 2, "a number of 5,000 digits"),
        ("lengths: [1" + "0" * 90 + "]", 1, "is to be 1000000000 or less"),
        ("models: [lstm]\ntasks: !!set [copy]", 2, "the tag tag:yaml.org,2002:set is not understood"),
        ("tasks: [!mine copy]", 1, "the tag !mine is not understood"),
        ("tasks: [copy]\n---\ntasks: [adding]", 2, "a second document begins here"),
        ("tasks: [copy]\n? [a, b]\n: 1", 2, "a key is a name"),
        (
            "tasks: [copy]\nparameters:\n  copy:\n    layout:\n",
            4,
            "layout has no value here; write it, or leave it out",
        ),
        ("tasks: [copy]\ntune:\n", 2, "tune has no value here; write it, or null for none"),
        ("training: {gradient_clip: }\n", 1, "gradient_clip has no value here; write it, or null for none"),
        ("training:\n  steps:\n", 2, "steps has no value here; write it, or leave it out"),
        ("tasks:\n- copy\n-\n", 3, "tasks has no value here; write it, or leave it out"),
        ("tasks: [copy]\n<<: {models: [lstm]}", 2, "<< merges nothing here"),
        ("tasks: [" + "copy, " * 21_000 + "]", 1, "there are more than 20,000 values"),
    ],
)
def test_yaml_that_would_take_all_memory_or_time_is_refused_at_once_with_its_line(
    tmp_path: Path, text: str, line: int, words: str
) -> None:
    with pytest.raises(ExperimentError) as caught:
        cells(text, tmp_path)
    assert words in str(caught.value)
    assert f"mine.yaml:{line}: " in str(caught.value)
    assert len(str(caught.value)) < 2000


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"tasks: [co\x00py]", "this is not YAML"),
        (b"\x89PNG\r\n\x1a\n\x00", "it is not UTF-8 text"),
        ("tasks: [copy]".encode("utf-16"), "it is not UTF-8 text"),
        (b"#" * 2_000_000, "it has more than 1,000,000 bytes"),
    ],
)
def test_file_that_is_no_text_or_too_large_is_refused_in_a_sentence(
    tmp_path: Path, content: bytes, words: str
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_bytes(content)
    with pytest.raises(ExperimentError, match=rf"mine\.yaml.*{words}"):
        load(path)


def test_yaml_reads_scalars_as_yaml_1_2_does() -> None:
    text = "a: 1e-3\nb: no\nc: 12:30\nd: 0.7/0.1/0.2\ne: '5'\nf: 2020-01-01\ng: ~\nh: 010"
    assert read_yaml(text, "x").value == {
        "a": 0.001, "b": "no", "c": "12:30", "d": "0.7/0.1/0.2", "e": "5", "f": "2020-01-01", "g": None, "h": 10,
    }  # fmt: skip


def test_a_field_that_is_needed_is_not_advised_to_be_null_or_left_out(tmp_path: Path) -> None:
    with pytest.raises(ExperimentError) as caught:
        cells("tasks:\nmodels: [lstm]\n", tmp_path)
    assert str(caught.value).endswith("mine.yaml:1: tasks has no value here; write it")
