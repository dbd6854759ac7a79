"""Tests that texts are read correctly in any script, and that other values are refused.

Modules: seqbench_texts.columns.
"""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from random import Random
from typing import Any

import pandas as pd
import pytest
from seqbench_sentiment.task import Sentiment
from seqbench_sentiment.texts import Tokeniser
from seqbench_texts.words import plain, runs_of, small
from seqbench_word_order.sentences import sentences_in
from seqbench_word_order.task import WordOrder

from seqbench import DataError
from seqbench.contracts.metrics import reference


def tokens(text: str) -> list[str]:
    return list(Tokeniser(lower=True)(text))


# ---- letters ----


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("शानदार सूप, मेज़ नहीं", ["शानदार", "सूप", ",", "मेज\u093c", "नहीं"]),  # Hindi: signs for vowels, nukta
        ("வணக்கம் தமிழ்", ["வணக்கம்", "தமிழ்"]),
        ("క్ష\u200cమ", ["క్ష\u200cమ"]),
        ("كِتَابٌ جميل؟", ["كِتَابٌ", "جميل", "؟"]),
        ("می\u200cخواهم\u200c نه", ["می\u200cخواهم", "نه"]),
        ('שָׁלוֹם צה"ל ג׳ירפה', ["שָׁלוֹם", 'צה"ל', "ג׳ירפה"]),
        ("tiếng Việt Ñandú", ["tiếng", "việt", "ñandú"]),
        (
            "very-good co\u2010op non\u2011stop",
            ["very", "-", "good", "co", "-", "op", "non", "-", "stop"],
        ),
        ("It’s pʼyat' rock 'n' roll", ["it's", "p'yat", "'", "rock", "'", "n", "'", "roll"]),
        ("un\u00adbe\u00adliev\u00adable \ufeffa\u2060b \u200fx\u200e", ["unbelievable", "ab", "x"]),
        ("很好吃！5杯", ["很", "好", "吃", "!", "5", "杯"]),
        ("カﾞｷﾞ ＯＫ １２", ["か".replace("か", "ガ"), "ギ", "ok", "12"]),
        ("กำลังดี ๒๕", ["กำ", "ลั", "ง", "ดี", "๒๕"]),
        ("ខ្មែរ ລາວ မြန်မာ", ["ខ្", "មែ", "រ", "ລ", "າ", "ວ", "မြ", "န်", "မာ"]),
        ("이것은 한국어", ["이것은", "한국어"]),
        (
            "👨\u200d👩\u200d👧 👍🏽 🇩🇪🇫🇷 1\ufe0f\u20e3",
            ["👨\u200d👩\u200d👧", "👍🏽", "🇩🇪", "🇫🇷", "1\ufe0f\u20e3"],
        ),
        (
            "Fine.<br /><br/>Fish &amp; chips &#233;t&eacute; R&D &copy",
            ["fine", ".", "fish", "&", "chips", "été", "r", "&", "d", "&", "copy"],
        ),
        ("ﬁlm ﻛﺘﺎﺏ x²", ["film", "كتاب", "x²"]),
    ],
)
def test_words_when_written_by_people_then_marks_stay_and_scripts_without_spaces_go_by_letter(
    text: str, words: list[str]
) -> None:
    expected = [unicodedata.normalize("NFC", word) for word in words]
    for form in ("NFC", "NFD"):  # the two ways to type one letter meet
        assert tokens(unicodedata.normalize(form, text)) == expected


@pytest.mark.parametrize(
    ("text", "lower"),
    [
        ("İSTANBUL", "istanbul"),
        ("I\u0307stanbul", "istanbul"),
        ("ΟΔΟΣ ΣΟΣ", "οδος σος"),
        ("STRAẞE Straße", "straße straße"),
        ("ÉTÉ Dž", "été dž"),
    ],
)
def test_small_letters_then_no_letter_is_added(text: str, lower: str) -> None:
    assert small(plain(text)) == lower
    assert len(small(plain(text))) == len(plain(text))


def test_control_characters_then_none_reaches_a_terminal(tmp_path: Path) -> None:
    assert plain("a\x1b[31mb\x00\x81c\ty") == "a [31mb  c\ty"
    assert plain("it\x92s good\x97very") == "it's good—very"  # Windows-1252 that was taken for Latin-1
    rows = [{"text": f"she sees \x1b]0;x{i % 9}\x07 and y{i % 7}."} for i in range(90)]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert WordOrder(data=str(tmp_path / "a.jsonl")).load(6, 0).show(0).replace("\n", "").isprintable()


def test_emoji_then_words_that_tell_texts_apart() -> None:
    tokenise = Tokeniser(lower=True)
    assert tokenise.key(tokenise("good 😀")) != tokenise.key(tokenise("good 😡"))
    assert tokenise.key(tokenise("Good, 😀!")) == tokenise.key(tokenise("good 😀"))


def test_plain_text_that_is_plain_already_then_as_it_is() -> None:
    for text in ("It's fine, isn't it? 3.5 < 4 & <unk> a_b", "naïve 東京 हिन्दी ½ x² a<b>c"):
        assert plain(text) == text
        assert plain(plain(text)) == plain(text)
    assert runs_of("well-made") == ["well-made"]


# ---- sentences ----


@pytest.mark.parametrize(
    ("line", "sentences"),
    [
        ("今天很好。我们去公园吧！你呢？", ["今 天 很 好 .", "我 们 去 公 园 吧 !", "你 呢 ?"]),
        ("彼は「はい！」と言った。", ["彼 は は い !", "と 言 っ た ."]),
        ("यह सूप है। क्या वह अच्छा है? हाँ॥", ["यह सूप है .", "क्या वह अच्छा है ?", "हाँ ."]),
        ("هل هو جميل؟ نعم، هو جميل.", ["هل هو جميل ?", "نعم هو جميل ."]),
        ("یہ کتاب ہے۔ وہ قلم ہے۔", ["یہ کتاب ہے .", "وہ قلم ہے ."]),
        ("ሰላም ነው። እንዴት ነህ፧", ["ሰላም ነው .", "እንዴት ነህ ?"]),
        ("Τι κάνεις; Καλά, εσύ;", ["τι κάνεις ?", "καλά εσύ ?"]),
        ("¿Qué haces? ¡Ven aquí!", ["qué haces ?", "ven aquí !"]),
        ("А. С. Пушкин писал стихи. Да.", ["а. с. пушкин писал стихи .", "да ."]),
        ("„Komm“, sagte er. «Oui», dit-elle.", ["komm sagte er .", "oui dit-elle ."]),
        ("Նա գնաց։ Նա եկավ։", ["նա գնաց .", "նա եկավ ."]),
        ("I’m late. I'm here.", ["I'm late .", "I'm here ."]),
        ("No end here<br />A new line", ["no end here .", "a new line ."]),
        ("one\n\ntwo\nthree", ["one .", "two three ."]),
        ("မြန်မာ။", ["မြ န် မာ ."]),
    ],
)
def test_sentence_ends_of_other_scripts_then_the_three_marks(line: str, sentences: list[str]) -> None:
    expected = [tuple(unicodedata.normalize("NFC", sentence).split()) for sentence in sentences]
    assert sentences_in(line, lower=True) == expected
    assert sentences_in(unicodedata.normalize("NFD", line), lower=True) == expected


# ---- counts and facts ----


def made_up(path: Path, words: list[str], joined: str = " ", rows: int = 80) -> str:
    rng = Random(0)
    lines = [joined.join([*rng.choices(words[2:], k=9), words[i % 2]]) for i in range(rows)]
    pd.DataFrame({"text": lines, "label": ["good", "bad"] * (rows // 2)}).to_csv(path, index=False)
    return str(path)


def test_chinese_without_spaces_then_letters_are_known(tmp_path: Path) -> None:
    data = Sentiment(data=made_up(tmp_path / "a.csv", ["好", "坏", "汤", "包", "窗", "在", "我", "们"], "")).load(
        16, 0
    )
    assert data.facts["vocabulary_size"] == 2 + 8
    assert data.facts["oov_rate"] == 0


def test_vocabulary_without_a_word_then_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text,label\n" + "".join(f"word{i} !,{i % 2}\n" for i in range(40)))
    with pytest.raises(
        DataError, match=r"not one word .* known: of 33 different tokens 1 stand there 2 times or more"
    ):
        Sentiment(data=str(tmp_path / "a.csv")).load(8, 0)
    (tmp_path / "b.txt").write_text("<unk> <unk> <unk>.\n<unk> <unk>.\n<unk> <unk> <unk> <unk>.\n")
    with pytest.raises(DataError, match="every word is <unk>"):
        WordOrder(data=str(tmp_path / "b.txt")).load(3, 0)


def test_test_texts_that_were_trained_on_then_counted_and_told_also_near_copies(tmp_path: Path) -> None:
    texts = [f"the {word} soup number {i} was café cold" for i, word in enumerate(["fine", "poor"] * 10)]
    copies = [
        texts[0],
        texts[1].upper() + "!!",
        unicodedata.normalize("NFD", texts[2]),
        texts[3].replace(" ", "  "),
    ]
    others = ["a fine soup was cold", "the poor café soup"]
    rows = [(text, i % 2, "train") for i, text in enumerate(texts)]
    rows += [(text, i % 2, "test") for i, text in enumerate([*copies, *others])]
    rows += [(text, i % 2, "validation") for i, text in enumerate(others)]
    pd.DataFrame(rows, columns=["text", "label", "split"]).to_csv(tmp_path / "a.csv", index=False)
    for _ in range(2):  # made, and from the cache
        with pytest.warns(UserWarning, match="^4 of 6 test texts are also training texts, but for signs"):
            data = Sentiment(data=str(tmp_path / "a.csv")).load(8, 0)
        assert data.facts["test_texts_also_in_train"] == 4


def test_near_copies_without_a_split_then_all_on_one_side(tmp_path: Path) -> None:
    texts = [f"{word} soup number {i}" for i, word in enumerate(["fine", "poor"] * 20)]
    rows = [(form, i % 2) for i, text in enumerate(texts) for form in (text, text.title() + ".", f"«{text}»")]
    pd.DataFrame(rows, columns=["text", "label"]).to_csv(tmp_path / "a.csv", index=False)
    data = Sentiment(data=str(tmp_path / "a.csv")).load(8, 0)
    assert len(data.test) == len(data.validation) == 12
    assert data.facts["test_texts_also_in_train"] == 0


# ---- values that are not texts ----


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"title": "x"}, "holds an object: {'title': 'x'}"),
        (["a", "b"], "holds a list: ['a', 'b']"),
        (5, "holds a number: 5"),
        (True, "holds a truth value: True"),
    ],
)
@pytest.mark.parametrize("suffix", ["jsonl", "parquet"])
def test_text_that_is_none_then_refused_with_column_place_and_value(
    tmp_path: Path, value: Any, said: str, suffix: str
) -> None:
    path, place = tmp_path / f"a.{suffix}", "line 2"
    if suffix == "jsonl":
        rows: list[dict[str, Any]] = [{"text": "soup", "label": "a"}, {"text": value, "label": "b"}]
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:  # a column of one type
        pd.DataFrame({"text": [value, value], "label": ["a", "b"]}).to_parquet(path)
        place = "row 1"
    for task in (Sentiment(data=str(path)), WordOrder(data=str(path))):
        with pytest.raises(DataError, match="the column 'text' is to hold texts") as caught:
            task.load(8, 0)
        assert said in str(caught.value)
        assert place in str(caught.value)
    assert f"--set {task.name}.column=NAME" in str(caught.value)


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (["a", ["b"]], "the label ['b'] in 'label' at line 2 (train) is no class but a list"),
        (["a", {"b": 1}], "the label {'b': 1} in 'label' at line 2 (train) is no class but an object"),
        ([1, "1"], "are to be of one kind, and there is text in line 2 ('1') and a number in line 1 (1)"),
        ([True, 1], "of one kind, and there is a number in line 2 (1) and a truth value in line 1 (True)"),
        (["a", " "], "1 of 2 rows (train) have no label in 'label', the first of them line 2"),
        (["a", None], "1 of 2 rows (train) have no label"),
        ([0.5, 1], "the label 0.5 in 'label' at line 1 (train) is no class but a number"),
    ],
)
def test_label_that_is_none_then_refused_with_line_and_value(tmp_path: Path, labels: list[Any], said: str) -> None:
    rows = [{"text": f"soup {i}", "label": label} for i, label in enumerate(labels)]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(DataError) as caught:
        Sentiment(data=str(tmp_path / "a.jsonl")).load(8, 0)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        ([1.0, 2], "1, 2"),
        ([True, False], "false, true"),
        (["pos ", "neg"], "neg, pos"),
        (["e\u0301", "b"], "b, é"),
    ],
)
def test_labels_that_mean_one_class_then_one_name(tmp_path: Path, labels: list[Any], classes: str) -> None:
    spelled = [*labels, *(label.strip() if isinstance(label, str) else label for label in labels)]
    rows = [{"text": f"soup number {i}", "label": spelled[i % len(spelled)]} for i in range(40)]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert Sentiment(data=str(tmp_path / "a.jsonl")).load(8, 0).facts["classes"] == classes


def test_first_line_that_is_data_then_told(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a very fine soup,1\na poor soup,0\n")
    with pytest.raises(
        DataError, match=r"--set 'sentiment.text_column=a very fine soup'; the first line is read as"
    ):
        Sentiment(data=str(tmp_path / "a.csv")).load(8, 0)


# ---- the reference of word-order ----


def test_places_that_tell_more_than_bigrams_then_skill_is_measured_from_them(tmp_path: Path) -> None:
    # Every place has words of its own, and no two words stand together often.
    rng = Random(0)
    lines = [" ".join(f"w{place}x{rng.randrange(40)}" for place in range(6)) + "." for _ in range(600)]
    (tmp_path / "a.txt").write_text("\n".join(lines))
    data = WordOrder(data=str(tmp_path / "a.txt")).load(14, 0)
    assert reference(data.baselines, data.metrics[0]).name == "commonest at each place"


def test_a_whole_number_is_shown_as_it_was_written_although_another_row_has_none(tmp_path: Path) -> None:
    for values, shown in (([5, None], "5"), ([5.5, None], "5.5"), ([None, 2**40], str(2**40))):
        path = tmp_path / "rows.jsonl"
        path.write_text("".join(json.dumps({"text": value, "label": "a"}) + "\n" for value in values))
        with pytest.raises(DataError, match=rf"holds a number: {shown};"):
            Sentiment(data=str(path)).load(8, 0)
