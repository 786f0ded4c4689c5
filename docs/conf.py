"""How Sphinx builds the site from these pages: uv run --group site sphinx-build -W docs site."""

from importlib.metadata import version as installed

from docutils.nodes import literal

project = "imagebridge"
author = "imagebridge contributors"
copyright = f"2026, {author}"
version = release = installed("imagebridge")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["*.py"]
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence"]

default_role = "code"

autodoc_typehints = "none"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
napoleon_google_docstring = True
napoleon_numpy_docstring = False

html_theme = "furo"
html_title = "imagebridge"
html_copy_source = False
html_show_sphinx = False
html_static_path = ["_static"]
html_css_files = ["options.css"]


def _readable(app, what, name, obj, options, signature, returned):  # noqa: ANN001 - Sphinx's own types
    """Write defaults as a caller would, not as the code names them."""
    if signature is None:
        return None
    return signature.replace("=_DEFAULT", "=Policy()").replace("=<factory>", "=..."), returned


def _unbroken(app, page, name):  # noqa: ANN001 - Sphinx's own types
    """Mark code that contains an option for options.css."""
    for code in page.findall(literal):
        if "--" in code.astext():
            code["classes"].append("options")


def setup(app):  # noqa: ANN001, ANN201
    """Connect the above."""
    app.connect("autodoc-process-signature", _readable)
    app.connect("doctree-resolved", _unbroken)
