"""A figure twice: as SVG that stands in a page, and as PNG that stands alone.

Equal figures give equal bytes. Text stays text, so that it can be searched, read aloud and drawn
in scripts that no font of ours holds; names of clips, subjects and classes are the user's and
never become markup or formulas.
"""

from __future__ import annotations

import hashlib
import io
import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

# Only what matplotlib has just written is parsed.
from xml.etree import ElementTree

from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

__all__ = [
    "ALARM",
    "INK",
    "RIGHT",
    "SOFT",
    "WRONG",
    "Picture",
    "drawn",
    "write_heading",
]

INK, SOFT, ALARM = "#1b2430", "#5a6675", "#b00020"
RIGHT, WRONG = "#1f5fa8", "#f0b27a"
"""Colours of right and wrong answers; they differ in brightness too, for grey printers."""

_POINTER = re.compile(r"url\(#([^)]+)\)")
_DPI = 130
_POINTS, _PIXELS = 72, 96
_SETTINGS = {
    "svg.fonttype": "none",
    "svg.hashsalt": "astsvm",
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": SOFT,
    "xtick.color": INK,
    "ytick.color": INK,
}


@dataclass(frozen=True)
class Picture:
    """A drawn figure.

    Parameters
    ----------
    name : str
        Stem of its file, different for every picture of a page.
    description : str
        What it shows, for those who cannot see it.
    svg : str
        An ``<svg>`` element to put into HTML; its ids are its own on the page.
    png : bytes
        A PNG file.
    """

    name: str
    description: str
    svg: str
    png: bytes


def write_heading(figure: Figure, title: str, notices: Sequence[str]) -> None:
    """Write what a figure shows above it, and above that what must not be overlooked."""
    figure.suptitle(
        "\n".join([*notices, title]),
        fontsize=10,
        fontweight="bold" if notices else "normal",
        color=ALARM if notices else INK,
        # A $ in a name must not start a formula.
        parse_math=False,
    )


def drawn(
    paint: Callable[[Figure], object], size: tuple[float, float], name: str, description: str
) -> Picture:
    """Draw a figure as SVG and as PNG.

    Parameters
    ----------
    paint : callable
        Receives the empty figure and fills it.
    size : tuple of float
        Width and height in inches, at which its text of 9 points is read well.
    name, description : str
        See :class:`Picture`.
    """
    with rc_context(_SETTINGS), warnings.catch_warnings():
        # In the PNG, a script that the font lacks becomes boxes; the page has it in full.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure = Figure(figsize=size, dpi=_DPI, layout="constrained")
        paint(figure)
        svg, png = io.BytesIO(), io.BytesIO()
        FigureCanvasSVG(figure)
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(svg, format="svg", metadata=nothing)
        # Laid out once: that takes longer than drawing, and both pictures are then alike.
        figure.set_layout_engine("none")
        FigureCanvasAgg(figure)
        figure.savefig(png, format="png", metadata={"Software": "astsvm"})
    return Picture(name, description, _inlined(svg.getvalue(), name, description), png.getvalue())


def _inlined(svg: bytes, name: str, description: str) -> str:
    """Return a file of matplotlib's as an element of an HTML page."""
    root = ElementTree.fromstring(svg)  # noqa: S314
    prefix = hashlib.sha256(name.encode()).hexdigest()[:8]
    used = _references(root)
    numbers = {reference: f"{prefix}-{number}" for number, reference in enumerate(used)}
    for parent in list(root.iter()):
        for child in list(parent):
            if _local(child.tag) in ("style", "metadata"):
                parent.remove(child)
    for element in root.iter():
        element.tag = _local(element.tag)
        element.attrib = _attributes(element, numbers)
        # Spaces between elements are idle, but for those within a text, which stand in its text.
        element.tail = None
        element.text = element.text if element.tag == "text" else None
    width, height = (float(size) for size in root.attrib["viewBox"].split()[2:])
    root.attrib = {
        "viewBox": root.attrib["viewBox"],
        "width": f"{width * _PIXELS / _POINTS:.0f}",
        "height": f"{height * _PIXELS / _POINTS:.0f}",
        "role": "img",
        "aria-label": description,
    }
    return ElementTree.tostring(root, encoding="unicode")


def _local(name: Any) -> str:
    return str(name).rpartition("}")[2]


def _references(root: ElementTree.Element) -> list[str]:
    """List the ids that other elements point to, in their order."""
    found: dict[str, None] = {}
    for element in root.iter():
        for key, value in element.attrib.items():
            if _local(key) == "href" and value.startswith("#"):
                found[value[1:]] = None
            for match in _POINTER.finditer(value):
                found[match[1]] = None
    return list(found)


def _attributes(element: ElementTree.Element, numbers: dict[str, str]) -> dict[str, str]:
    """Return an element's attributes without namespaces, fonts and the ids nobody points to."""
    kept = {}
    for key, value in element.attrib.items():
        name = _local(key)
        if name == "id":
            if value in numbers:
                kept["id"] = numbers[value]
        elif name == "href":
            # A picture in the figure comes as data, with a line break in it.
            kept["href"] = f"#{numbers[value[1:]]}" if value[0] == "#" else "".join(value.split())
        else:
            kept[name] = _POINTER.sub(lambda match: f"url(#{numbers[match[1]]})", value)
            if name == "style":
                # The page chooses the font for all its figures.
                kept[name] = re.sub(r"font-family: [^;]*;? ?", "", kept[name])
    return kept
