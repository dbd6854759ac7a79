"""Scores, draws and shows examples of tasks with an answer at steps; it is no plugin itself."""
