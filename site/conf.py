"""Sphinx's settings for the course's site; `make site` copies this folder and builds it."""

import re

from docutils.nodes import SkipNode
from docutils.utils.math.latex2mathml import tex2mathml
from pygments.formatters import HtmlFormatter
from pygments.token import STANDARD_TYPES, Comment, Keyword, String, Text
from sphinx.highlighting import PygmentsBridge

project = "Transformers for Text Classification"
copyright = "the course's authors; prose and figures CC BY 4.0, code MIT"
extensions = ["myst_nb", "sphinx.ext.githubpages"]
exclude_patterns = ["downloads"]

html_math_renderer = "mathml"
html_theme = "furo"
html_title = project
html_static_path = ["_static"]
html_css_files = ["site.css", "first_page.css"]
html_show_sphinx = False
html_copy_source = False
html_theme_options = {"navigation_with_keys": True}

# Notebooks are executed already; the site shows the outputs that they contain.
nb_execution_mode = "off"
nb_merge_streams = True
nb_output_stderr = "remove"
myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3
# The first heading of a notebook may be of any level, about which MyST would warn.
suppress_warnings = ["myst.header", "mystnb.unknown_mime_type"]

COLOURED = (Comment, Keyword, String)
# How the output of a cell that shows a table begins.
SCROLLS = '<div class="cell_output">\n<div class="output text_html"><div>\n<table'


class LightFormatter(HtmlFormatter):
    """Mark up only comments, keywords and short strings: a page of code is half the size."""

    def format_unencoded(self, tokensource, outfile):
        def plainer(kind):
            coloured = (base for base in COLOURED if kind in base and kind is not String.Doc)
            return next(coloured, Text)

        super().format_unencoded(((plainer(kind), value) for kind, value in tokensource), outfile)


PygmentsBridge.html_formatter = LightFormatter


def write_formula(writer, node):
    """Write a formula as MathML: a browser reads it without a script from another server."""
    block = node.tagname == "math_block"
    formula = tex2mathml(node.astext(), as_block=block)
    writer.body.append(f'<div class="math" tabindex="0">{formula}</div>' if block else formula)
    raise SkipNode


def setup(app):
    """Leave out styles that a page does not use, and add what readers without a mouse need."""
    app.add_html_math_renderer("mathml", (write_formula, None), (write_formula, None))

    def lighter(app, page, template, context, doctree):
        files = context.get("css_files", [])
        unused = ("mystnb",) if page == "index" else ("mystnb", "first_page")
        context["css_files"] = [
            file for file in files if not any(name in str(file.filename) for name in unused)
        ]
        body = context.get("body", "").replace(" docutils container", "")
        # Wide code and tables scroll. With a keyboard, only an element with the focus does.
        body = body.replace("<pre>", '<pre tabindex="0">')
        context["body"] = body.replace(SCROLLS, SCROLLS.replace(">", ' tabindex="0">', 1))
        tree = context.get("furo_navigation_tree", "")
        context["furo_navigation_tree"] = tree.replace(
            'role="heading"', 'role="heading" aria-level="2"'
        )

    def without_unused_colours(app, error):
        path = app.outdir / "_static" / "pygments.css"
        if error or not path.exists():
            return
        used = "|".join(STANDARD_TYPES[kind] for kind in COLOURED)
        unused = re.compile(rf"\.highlight \.(?!(?:{used}|hll) )\w+ \{{")
        lines = path.read_text().splitlines(keepends=True)
        path.write_text("".join(line for line in lines if not unused.search(line)))

    app.connect("html-page-context", lighter, priority=900)
    app.connect("build-finished", without_unused_colours, priority=900)  # after the theme
