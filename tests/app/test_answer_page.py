"""The HTML of an answer: what is shown, under which name, and nothing that is fetched."""

import base64
import re
from html.parser import HTMLParser

import cv2
import numpy as np
import pytest

from astsvm.app.answer_page import answer_html, refusal_html
from astsvm.app.answering import Answered, Question, answer_clip
from astsvm.app.limits import Limits
from astsvm.recognizer import Recognizer

NAME = "a ${value} {{x}} <b>$x^2$</b> <script>.avi"


class Reader(HTMLParser):
    """Collects elements with their attributes, and the text."""

    def __init__(self, page):
        super().__init__()
        self.elements, self.text = [], ""
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text += data

    def all(self, tag, **wanted):
        return [
            found
            for name, found in self.elements
            if name == tag and all(found.get(key) == value for key, value in wanted.items())
        ]


def answered(recognizer, path, question=None, name=None) -> tuple[Answered, Reader, str]:
    found = answer_clip(recognizer, path, name or path.name, question or Question(), Limits())
    page = answer_html(found, recognizer.settings.preprocessing)
    return found, Reader(page), page


def content(address):
    return base64.b64decode(address.partition("base64,")[2])


@pytest.fixture(scope="module")
def clip(recognizer, videos):
    return answered(recognizer, videos / "down.avi", name=NAME)


def test_label_name_frames_and_notices_are_told(clip):
    found, page, _ = clip
    said = found.answer.recognition
    assert f"Recognised as: {said.label}" in page.text
    assert f"{NAME}, frames 0 to 7, 50 frames per second" in page.text
    for notice in said.notices:
        assert notice in page.text
    assert "SYNTHETIC" in page.text


def test_names_never_become_markup(clip):
    _, _, raw = clip
    assert "<script" not in raw
    assert "<b>$x^2$</b>" not in raw


def test_downloads_hold_the_bytes(clip):
    found, page, _ = clip
    links = {link["download"].rpartition(".")[2]: content(link["href"]) for link in page.all("a")}
    assert links == {
        "png": found.picture,
        "csv": found.table.encode(),
        "json": found.record.encode(),
    }


def test_nothing_is_fetched(clip):
    _, page, raw = clip
    for _, attributes in page.elements:
        for key in ("src", "href"):
            assert attributes.get(key, "data:").startswith("data:")
    assert not re.search(r"https?://", raw)


def test_the_strip_has_every_frame_and_the_features_that_belong_to_it(clip):
    found, page, _ = clip
    said = found.answer.recognition
    points = len(said.frames)
    (slider,) = page.all("input", type="range")
    assert (slider["min"], slider["max"]) == ("1", str(points))
    assert len(page.all("button")) == points
    tiles = [tile for tile in page.all("img") if "data-point" in tile]
    # Frames at every point; flow and difference at every one but the first.
    assert len(tiles) == points + 2 * (points - 1)
    assert len(page.all("span", **{"data-point": "1"})) == 2
    shown = [tile for tile in tiles if "hidden" not in tile]
    assert {tile["data-point"] for tile in shown} == {slider["value"]}
    assert len(shown) == 3
    for tile in tiles[:points]:
        pixels = cv2.imdecode(np.frombuffer(content(tile["src"]), np.uint8), cv2.IMREAD_GRAYSCALE)
        own = said.frames[int(tile["data-point"]) - 1]
        assert np.abs(pixels.astype(int) - own).mean() < 3


def panels(raw):
    """Return for each kind the values in its panel, by class."""
    found = {}
    for kind, body in re.findall(r'class="panel panel-(\w+)">(.*?)</div>', raw, re.DOTALL):
        rows = re.findall(r'scope="row">(.*?)</th><td class="value">(.*?)</td>', body)
        found[kind] = dict(rows)
    return found


def test_scores_are_no_probabilities(clip):
    found, page, raw = clip
    said = found.answer.recognition.as_dict()
    shown = panels(raw)
    assert shown["scores"] == {name: f"{value:.3f}" for name, value in said["scores"].items()}
    assert shown["softmax"] == {name: f"{value:.3f}" for name, value in said["softmax"].items()}
    assert shown["probabilities"] == {}
    assert "this model was not calibrated, and scores are no probabilities" in page.text


def test_probabilities_stand_in_a_panel_of_their_own(calibrated, videos):
    found, page, raw = answered(calibrated, videos / "up.avi")
    said, shown = found.answer.recognition.as_dict(), panels(raw)
    for kind in ("scores", "probabilities", "softmax"):
        assert shown[kind] == {name: f"{value:.3f}" for name, value in said[kind].items()}
        assert next(iter(shown[kind])) == said["label"]
    assert "not calibrated, and scores" not in page.text


def test_a_bar_never_leaves_its_panel(calibrated, videos):
    _, _, raw = answered(calibrated, videos / "up.avi")
    bars = re.findall(r"left: ([\d.]+)%; width: ([\d.]+)%", raw)
    assert len(bars) == 9
    for left, width in bars:
        assert 0 <= float(left) <= float(left) + float(width) <= 100.1


def test_a_timeline_shows_picture_table_and_candidates(recognizer, videos):
    found, page, raw = answered(recognizer, videos / "long.avi")
    assert "2 candidate micro-expressions" in page.text
    assert content(page.all("img")[0]["src"]) == found.picture
    assert len(page.all("details")) == 2
    assert "How reliable the search is" in page.text
    for clip in found.answer.as_dict()["clips"]:
        assert f"<td>{clip['onset']} to {clip['offset']}</td>" in raw
        assert f"<td>{clip['scores'][clip['label']]:.3f}</td>" in raw
    assert "<th>score</th>" in raw
    assert "<th>probability</th>" not in raw


def test_the_table_names_probabilities_where_it_shows_them(calibrated, videos):
    found, _, raw = answered(calibrated, videos / "long.avi")
    assert "<th>probability</th>" in raw
    assert "<th>score</th>" not in raw
    for clip in found.answer.as_dict()["clips"]:
        assert f"<td>{clip['probabilities'][clip['label']]:.3f}</td>" in raw


def test_that_not_all_candidates_are_shown_is_told(recognizer, videos, monkeypatch):
    monkeypatch.setattr("astsvm.app.answering.MOST_SHOWN", 1)
    _, page, _ = answered(recognizer, videos / "long.avi")
    assert "Frames are shown of the 1 strongest candidates" in page.text


def test_no_candidate_is_an_answer_too(recognizer, write_video, tmp_path):
    path = write_video(tmp_path / "still.avi", np.full((40, 64, 64), 90, np.uint8), 25)
    _, page, _ = answered(recognizer, path)
    assert "No candidate micro-expressions" in page.text
    assert not page.all("details")


@pytest.mark.parametrize("attention", ["none", "cam", "sam"])
def test_a_network_that_weighs_less_is_shown_too(make_bundle, small_settings, videos, attention):
    network = small_settings.network.replace(attention=attention)
    model = Recognizer(make_bundle(small_settings.replace(network=network)))
    _, page, _ = answered(model, videos / "up.avi")
    assert page.all("img", **{"class": "attention"})


def test_a_refusal_is_text():
    page = refusal_html("No <face>", "in <img src=x onerror=alert(1)>.avi")
    assert "<img" not in page
    assert "&lt;img" in page
    assert 'role="alert"' in page
