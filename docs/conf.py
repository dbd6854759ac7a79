"""Configures the build of the docs: ``sphinx-build -W -b html docs docs/_build``."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "extensions"))

project = "seqbench"
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_click"]
extensions += ["accessible", "tables_from_code"]
nb_execution_mode = "off"
html_theme = "furo"
html_title = "seqbench"
html_static_path = ["extensions/static"]
html_css_files = ["tables.css"]
html_show_sphinx = False
html_show_copyright = False
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
# A name in single quotes is code, in docstrings too.
default_role = "literal"
autodoc_default_options = {"members": True}
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
maximum_signature_line_length = 90
napoleon_use_ivar = True
napoleon_use_rtype = False
