"""Configures the build of the docs: ``sphinx-build -W -b html docs docs/_build``."""

project = "seqbench"
extensions = ["myst_nb"]
nb_execution_mode = "off"
html_theme = "furo"
exclude_patterns = ["_build"]
myst_heading_anchors = 3
