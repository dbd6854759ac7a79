"""Reads letters, words and columns of texts, for the tasks that are posed on texts."""
