"""How Sphinx builds these pages: `make docs`, with every warning an error."""

from importlib.metadata import version as version_of

project = "Breakwater"
author = "The Breakwater authors"
project_copyright = "2026, the Breakwater authors. Apache-2.0"
release = version = version_of("breakwater")

extensions = ["myst_parser", "sphinxcontrib.mermaid"]
exclude_patterns = ["_build"]
myst_fence_as_directive = ["mermaid"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = "Breakwater"
html_show_sourcelink = False

mermaid_use_local = "mermaid/mermaid.esm.min.mjs"
"""No page loads a script from elsewhere. Without Mermaid in docs/_static/mermaid a diagram stays as its own text."""
mermaid_fullscreen = False
mermaid_height = "auto"
