"""Tests the display of a running sweep: counts by outcome, the time left, and failures."""

from __future__ import annotations

import itertools

import pytest

from seqbench.running.eta import Load, Pace, Underway, makespan

A_LSTM, A_RNN, B_RNN = Load("a", "lstm", 10.0), Load("a", "rnn", 10.0), Load("b", "rnn", 20.0)


def test_makespan_is_that_of_the_schedule_worked_out_by_hand() -> None:
    # One worker is free at 1, the other at 3: 4 goes to the first (5), 1 to the second (4), 2 to it again (6).
    assert makespan([3.0, 1.0], [4.0, 1.0, 2.0], 2) == 6.0
    # More workers than cells; and no worker seen yet.
    assert makespan([], [4.0, 1.0], 3) == 4.0
    assert makespan([], [], 1) == 0.0


def test_longest_first_is_what_the_time_left_takes_into_account() -> None:
    seconds = [5.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    best = min(makespan([], order, 2) for order in itertools.permutations(seconds))
    assert makespan([], seconds, 2) == best == 5.0


def test_time_left_is_unknown_before_anything_was_learnt_and_then_that_of_cells_like_these() -> None:
    pace = Pace()
    assert pace.seconds_left([Underway(A_LSTM, 3.0, 0.0)], [A_RNN], 1) is None
    # Half of the only running cell took 4 s: 4 more, and 20 units of work at 8 s for 10.
    assert pace.seconds_left([Underway(A_LSTM, 4.0, 0.5)], [B_RNN], 1) == pytest.approx(4 + 16)
    pace.add(A_LSTM, 40.0)
    pace.add(A_RNN, 10.0)
    assert pace.seconds(B_RNN) == pytest.approx(20.0)
    assert pace.seconds(Load("c", "gru", 1.0)) == pytest.approx(50 / 20)
    # All steps are taken, and it is being scored: cells like it took 40 s.
    assert pace.seconds_left([Underway(A_LSTM, 15.0, 1.0)], [], 1) == pytest.approx(25.0)
    assert Pace().seconds_left([Underway(A_LSTM, 15.0, 1.0)], [], 1) is None
    # One second of 40 is over, too little to go by; the cell that waits takes 20 on the other worker.
    assert pace.seconds_left([Underway(A_LSTM, 1.0, 0.01)], [B_RNN], 2) == pytest.approx(39.0)
