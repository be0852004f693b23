"""The documentation as a site: `make site` writes build/site. Sources are the pages as they stand on GitHub."""

from pathlib import Path
from typing import Any

project = "emotion"
author = "The emotion authors"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]

# The source folder is the project's, so that a link from docs/ to plugins/ is the same here and on GitHub.
root_doc = "docs/index"
include_patterns = ["docs/**.md", "plugins/README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"]
exclude_patterns = [".*", "build", "data", "features", "models", "runs", "studies", "**/__pycache__"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = "emotion"
html_copy_source = False
html_show_copyright = False

autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
default_role = "code"
napoleon_use_rtype = False
# Types of other projects: their documentation is not looked up, so that a build needs no network.
nitpick_ignore_regex = [("py:.*", r"(numpy|torch|pathlib|collections|concurrent)\..*")]

_FRONT = '<!doctype html><title>emotion</title><meta http-equiv="refresh" content="0; url={page}">\n'


def _front_page(app: Any, error: Exception | None) -> None:  # noqa: ANN401 - of Sphinx
    """Write index.html, which leads to the first page."""
    if error is None and app.builder.name == "html":
        page = f"{root_doc}.html"
        Path(app.outdir, "index.html").write_text(_FRONT.format(page=page), encoding="utf-8")


def setup(app: Any) -> None:  # noqa: ANN401
    """Called by Sphinx."""
    app.connect("build-finished", _front_page)
