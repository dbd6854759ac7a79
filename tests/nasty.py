"""Gives a text that tries to steer a terminal."""

from __future__ import annotations

NASTY = "\x1b[2J\x1b]0;owned\x07\r[1/1] copy gru T=8 seed 0: accuracy 1.000\n\u202egnp\u2066 \x9b31m \ud800"
NASTY += "a" * 100_000
