"""How Sphinx builds these pages; `make docs` does it.

The guide's chapters are scripts that run, the pages of the API and of the commands are made from
the code, and nothing on any page is fetched from the network.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "_ext"), str(HERE.parent)]

# Recordings that chapters of the guide decode go with the build, not to the user's cache.
os.environ.setdefault("TYMPAN_CACHE", str(HERE / "_build" / "cache"))

import guide_figures

import tympan

guide_figures.forget_vanished(HERE / "guide", HERE / "_generated" / "guide")

project = "tympan"
author = "the authors of tympan"
project_copyright = "the authors of tympan, Apache License 2.0"
release = version = tympan.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx_gallery.gen_gallery",
    "myst_parser",
    "api_pages",
    "augment_pages",
    "command_help",
    "plain_docstrings",
    "settings_table",
    "source_pages",
    "verb_names",
]
source_suffix = {".rst": "restructuredtext", ".md": "markdown"}
# The generated gallery holds copies of the scripts and their checksums, which are no pages.
exclude_patterns = [
    "_build",
    "guide",
    "examples",
    "_generated/**/*.ipynb",
    "**/sg_execution_times.rst",
]
suppress_warnings = ["config.cache", "toc.empty_glob"]
nitpicky = False
# Two dashes of an option are two dashes.
smartquotes = False

# Docstrings are written with single backticks, as in Markdown.
default_role = "literal"
napoleon_numpy_docstring = False
napoleon_use_rtype = False
autodoc_default_options = {"members": True}
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True

myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence", "deflist"]

sphinx_gallery_conf = {
    "examples_dirs": "guide",
    "gallery_dirs": "_generated/guide",
    "filename_pattern": r"/plot_",
    # As many chapters at once as Sphinx uses processes (-j).
    "parallel": True,
    "within_subsection_order": "FileNameSortKey",
    # A clip at the end of a cell becomes a player.
    "capture_repr": ("_repr_html_",),
    "image_scrapers": ("guide_figures.scrape",),
    "abort_on_example_error": True,
    "download_all_examples": False,
    "show_signature": False,
    "write_computation_times": False,
    "show_memory": False,
    "min_reported_time": 10_000,
    "remove_config_comments": True,
    "reset_modules": ("matplotlib",),
}

html_theme = "furo"
html_title = f"tympan {version}"
html_static_path = ["_static"]
html_css_files = ["tympan.css"]
html_show_sphinx = False
html_copy_source = False
