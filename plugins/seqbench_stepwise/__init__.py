"""Scores answers at steps, and writes examples step by step, for tasks that share both."""
