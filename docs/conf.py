"""Configuration of the documentation site: ``sphinx-build -W -b html docs build/site`` builds it without network."""

import os
import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent
sys.path[:0] = [str(DOCS.parent), str(DOCS / "_ext")]
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(DOCS.parent), os.environ.get("PYTHONPATH")]))

import numba_lstm  # noqa: E402

project = "numba_lstm"
author = copyright = "The numba_lstm developers"
version = release = numba_lstm.__version__
html_title = "numba_lstm"

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "numpydoc",
    "myst_parser",
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
    "matplotlib.sphinxext.plot_directive",
    "diagrams",  # docs/_ext: diagrams of Mermaid, the page of ASV
    "reference",  # docs/_ext: the directive of the pages of the API
    "repository",  # docs/_ext: links to files outside of docs/
]
exclude_patterns = ["_ext", "gallery/*.md5", "gallery/*.py", "gallery/*.ipynb", "gallery/sg_execution_times.rst"]
templates_path = ["_templates"]
nitpicky = False  # types in docstrings are words, such as "array of shape (N, T, D)"

# Pages: Markdown that also reads well on a code host, whose anchors of headings MyST makes too.
myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence"]
suppress_warnings = ["misc.highlighting_failure"]

# Docstrings
autosummary_generate = False
autodoc_typehints = "none"  # numpydoc's sections have the types
autodoc_member_order = "bysource"
autodoc_inherit_docstrings = True
numpydoc_show_class_members = False
numpydoc_xref_param_type = False
# What the docstring of every public name must satisfy: https://numpydoc.readthedocs.io names the checks.
numpydoc_validation_checks = {
    *("GL01", "GL03", "GL05", "GL06", "GL07", "GL08", "GL09", "GL10"),  # layout, and that there is one
    *("SS02", "SS03", "SS04", "SS06"),  # a summary of one line, which begins with a capital and ends with a period
    *("PR02", "PR05", "PR06", "PR10", "RT05"),  # parameters that exist, with the names of types; results with sentences
}
numpydoc_validation_exclude = {
    r"\.[A-Z]\w*\.\w+$",  # methods and attributes
    r"\.(NAMES|EXTENSIONS|Sequence|eval)$",  # values, and further names of objects
    r"\.(AdditiveAttention|BatchNormalization)$",  # they describe beta and gamma as beta_*, and keyword arguments
}

# Examples
sphinx_gallery_conf = {
    "examples_dirs": ["../examples/gallery"],
    "gallery_dirs": ["gallery"],
    "filename_pattern": r"/\w+\.py$",
    "abort_on_example_error": True,
    "download_all_examples": False,
    "show_signature": False,
    "show_memory": False,
    "min_reported_time": 1e9,
    "write_computation_times": False,
    "remove_config_comments": True,
}
plot_html_show_formats = plot_html_show_source_link = False
plot_include_source = False
plot_formats = ["svg"]

# Pages of HTML
html_theme = "pydata_sphinx_theme"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "navigation_with_keys": False,
    "show_toc_level": 2,
    "header_links_before_dropdown": 7,
    "navbar_persistent": ["search-button"],
    "navbar_end": ["theme-switcher"],
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
}
html_context = {"default_mode": "auto"}
html_sidebars = {"index": [], "getting_started": []}
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

# External links: ``sphinx-build -b linkcheck docs build/links``, which needs a network.
linkcheck_anchors = False  # many pages make theirs by scripts
linkcheck_timeout = 20
linkcheck_retries = 2
linkcheck_workers = 4
