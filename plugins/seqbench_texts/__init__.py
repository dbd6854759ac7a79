"""Reads letters, words and columns of texts, for tasks on texts."""
