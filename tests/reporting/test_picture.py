"""A picture is the same in every drawing, lives in a page beside others, and holds no markup."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import cv2
import numpy as np
import pytest

from astsvm.reporting.picture import drawn, write_heading


def paint(figure, text="text"):
    axes = figure.add_subplot()
    axes.bar([0, 1], [1, 2], hatch="//")
    axes.imshow(np.eye(3), interpolation="none")
    axes.set_xlabel(text, parse_math=False)


def draw(name="name", text="text"):
    return drawn(lambda figure: paint(figure, text), (3, 2), name, "what it shows")


class Elements(HTMLParser):
    """Collects tags with their attributes, and the text."""

    def __init__(self, svg: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict]] = []
        self.text: list[str] = []
        self.feed(svg)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text.append(data)


def test_equal_figures_give_equal_bytes():
    assert draw() == draw()
    assert draw().svg != draw(text="other").svg
    assert draw().png != draw(text="other").png


def test_svg_and_png_show_the_same_at_the_same_size():
    picture = draw()
    tag, attributes = Elements(picture.svg).found[0]
    assert (tag, attributes["width"], attributes["height"]) == ("svg", "288", "192")
    assert attributes["aria-label"] == "what it shows"
    image = cv2.imdecode(np.frombuffer(picture.png, np.uint8), cv2.IMREAD_COLOR)
    assert image.shape == (260, 390, 3)


def test_every_reference_is_answered_within_the_picture():
    svg = draw().svg
    ids = re.findall(r'\bid="([^"]+)"', svg)
    pointers = re.findall(r"url\(#([^)]+)\)", svg) + re.findall(r'href="#([^"]+)"', svg)
    assert len(ids) == len(set(ids))
    assert set(pointers) == set(ids)
    # Clip paths, the tick marks, and the hatch, which stands in a style.
    assert re.search(r'style="fill: url\(#', svg)


def test_pictures_of_one_page_share_no_id():
    first, second = (set(re.findall(r'\bid="([^"]+)"', draw(name).svg)) for name in "ab")
    assert first
    assert not first & second


def test_nothing_is_asked_of_a_network():
    svg = draw().svg
    for _, attributes in Elements(svg).found:
        link = attributes.get("href", "#")
        assert link.startswith(("#", "data:image/png;base64,"))
    assert "http" not in svg
    assert "xlink" not in svg


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", 'a"b&c', "$\\frac{1}{2}$", "表情 سعيد", "-->", "]]>"]
)
def test_text_stays_text(text):
    picture = Elements(draw(text=text).svg)
    assert text in picture.text
    assert "script" not in {tag for tag, _ in picture.found}


def test_notices_stand_above_the_title_and_in_red():
    def titled(*notices):
        return drawn(lambda figure: write_heading(figure, "$title", notices), (3, 2), "n", "d").svg

    assert "#b00020" in titled("LEAK METER")
    assert "#b00020" not in titled()
    lines = [line for line in Elements(titled("LEAK METER", "SYNTHETIC")).text if line.strip()]
    assert lines == ["LEAK METER", "SYNTHETIC", "$title"]
