"""One page with everything a run of a recipe came to, as a single HTML file without links to anywhere.

Its charts are Vega-Lite's, whose script is written into the page; a content
security policy forbids everything that would fetch, and every script that is
not the page's own, known by its hash.
"""
from .page import render_page

__all__ = ['render_page']
