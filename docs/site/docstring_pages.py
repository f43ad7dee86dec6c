"""Docstrings as Markdown reads them, mended: their roles become links, formulas stay readable."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

__all__ = ["mended"]

_PAGES = Path(__file__).parents[1] / "api"
_PLACE = re.compile(r"^::: ([\w.]+)$", re.MULTILINE)
_ROLE = re.compile(r":(?:attr|class|data|exc|func|meth|mod):<code>~?([\w.]+)</code>")
_FORMULA = re.compile(r"<p>\.\. math:: (.*?)</p>", re.DOTALL)
# Of "alpha, lambda_c : float" mkdocstrings gives both the default of the first.
_DEFAULT = re.compile(r", default:\s*<code>.*?</code>\s*(?=\)\s*–)", re.DOTALL)
_NOTHING_SAID = re.compile(r'\s*–\s*<div class="doc-md-description">\s*</div>')


def mended(html: str) -> str:
    """Mend what the page of a module makes of its docstrings.

    Roles that name something become links, if it has a place on a page. Formulas are shown as they
    are written, since nothing is fetched to typeset them. Defaults stand in the signature alone,
    where they are right.
    """
    html = _FORMULA.sub(lambda m: f"<pre><code>{' '.join(m[1].split())}</code></pre>", html)
    html = _NOTHING_SAID.sub("", _DEFAULT.sub("", html))
    return _ROLE.sub(lambda m: _link(m[1]), html)


def _link(name: str) -> str:
    place = _places().get(name, name)
    return f'<autoref identifier="{place}" optional><code>{name}</code></autoref>'


@cache
def _places() -> dict[str, str]:
    """Return the full name of everything that has a place, by its last part."""
    pages = (page.read_text("utf-8") for page in sorted(_PAGES.glob("*.md")))
    full_names = [name for page in pages for name in _PLACE.findall(page)]
    return {name.rpartition(".")[2]: name for name in full_names}
