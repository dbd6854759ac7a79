"""Tests that documents keep agreement, topic and person, and that their probabilities are those of the words."""

from __future__ import annotations

import math
from itertools import pairwise
from random import Random

import pytest
from seqbench_next_token.grammar import (
    ADVERBS,
    DEEPEST,
    FIRST,
    NAMES,
    START,
    TOPICS,
    VERBS,
    VOCABULARY,
    State,
    document,
)

SINGULAR = {f"{verb}s" for verb in VERBS}


def words_of(seed: int, tokens: int) -> list[str]:
    return [VOCABULARY[token] for token in document(Random(seed), tokens)[0]]


def test_words_are_different_and_a_document_begins_with_its_title() -> None:
    assert len(set(VOCABULARY)) == len(VOCABULARY)
    start, topic, person, stop, *rest = words_of(0, 40)
    assert (start, stop) == (START, ".")
    assert topic in TOPICS
    assert person in NAMES
    assert len(rest) == 37


def test_verbs_agree_with_their_subjects_across_clauses() -> None:
    deepest, verbs = 0, 0
    for seed in range(100):
        waiting: list[bool] = []
        is_object = False
        for before, word in pairwise(words_of(seed, 200)[3:]):
            if word == "the":
                # A noun after a main verb is an object, and waits for no verb.
                is_object = before in {*SINGULAR, *VERBS} and not waiting
            if before == "the" and not is_object:
                waiting.append(word.endswith("s"))
            elif word in NAMES:
                waiting.append(False)
            elif word in SINGULAR or word in VERBS:
                assert (word in VERBS) == waiting.pop()
                verbs += 1
            deepest = max(deepest, len(waiting))
    assert verbs > 2000
    assert deepest == DEEPEST


def test_laws_sum_to_one_in_every_state() -> None:
    states = {FIRST}
    for seed in range(200):
        state = FIRST
        for token in document(Random(seed), 60)[0][1:]:
            state = state.after(token)
            states.add(state)
    assert len({state.place for state in states}) == 10
    for state in states:
        assert sum(map(math.exp, state.law.logs.values())) == pytest.approx(1, abs=1e-12)
        assert state.law.sums[-1] == pytest.approx(1, abs=1e-12)


def test_probabilities_of_a_document_are_those_of_its_words_by_hand() -> None:
    written, logs = document(Random(3), 12)
    state, found = FIRST, []
    for token in written[1:]:
        found.append(state.law.logs[token])
        state = state.after(token)
    assert found == logs
    assert math.exp(logs[0]) == pytest.approx(1 / 8)
    assert math.exp(logs[1]) == pytest.approx(1 / 16)
    assert logs[2] == 0.0


def test_a_verb_after_a_subject_has_the_share_that_the_rules_give() -> None:
    # By hand: no clause (0.7), no adverb (0.85), the first of 20 verbs by Zipf's law.
    zipf = sum(1 / rank for rank in range(1, 21))
    law = State("subject", "farm", "anna", (True,)).law
    assert math.exp(law.logs[VOCABULARY.index("arrive")]) == pytest.approx(0.7 * 0.85 / zipf)
    assert math.exp(law.logs[VOCABULARY.index(ADVERBS[0])]) == pytest.approx(0.7 * 0.15 / 6)
    assert VOCABULARY.index("arrives") not in law.logs
    full = State("subject", "farm", "anna", (True,) * DEEPEST).law
    assert VOCABULARY.index("that") not in full.logs


def test_person_and_topic_of_the_title_come_again_as_often_as_the_rules_say() -> None:
    names = nouns = own_names = own_nouns = 0
    for seed in range(150):
        _, topic, person, _, *rest = words_of(seed, 300)
        for word in rest:
            names, own_names = names + (word in NAMES), own_names + (word == person)
            is_noun = any(word.removesuffix("s") in each for each in TOPICS.values())
            nouns, own_nouns = nouns + is_noun, own_nouns + (word.removesuffix("s") in TOPICS[topic])
    assert own_names / names == pytest.approx(0.9, abs=0.02)
    assert own_nouns / nouns == pytest.approx(0.8 + 0.2 / 8, abs=0.02)


def test_mean_loss_is_the_mean_entropy_of_the_laws() -> None:
    losses, entropies = [], []
    for seed in range(300):
        written, logs = document(Random(seed), 64)
        state = FIRST
        for token, log in zip(written[1:], logs, strict=True):
            entropies.append(-sum(math.exp(ln) * ln for ln in state.law.logs.values()))
            losses.append(-log)
            state = state.after(token)
    differences = [loss - entropy for loss, entropy in zip(losses, entropies, strict=True)]
    mean = sum(differences) / len(differences)
    error = math.sqrt(sum((each - mean) ** 2 for each in differences)) / len(differences)
    assert abs(mean) < 4 * error
