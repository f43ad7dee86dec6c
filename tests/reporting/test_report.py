"""The report is one page with everything in it, and says what must not be overlooked."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest

from astsvm.errors import StorageError
from astsvm.evaluation.run_folder import RunFolder
from astsvm.evaluation.summary import MissingFold
from astsvm.reporting.report import figure_text, flattened, write_report


class Page(HTMLParser):
    """Collects text, tags and links, and checks that tags are closed in order."""

    VOID = frozenset({"meta", "img", "br", "link"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in ("src", "href")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def page_of(folder: RunFolder) -> Page:
    return Page(write_report(folder.path).read_text(encoding="utf-8"))


def test_holds_its_pictures_and_asks_no_network(finished_run):
    folder = finished_run()
    page = page_of(folder)
    assert len(page.links) == 6
    assert all(link.startswith("data:image/png;base64,") for link in page.links)
    assert "http" not in page.text
    assert sorted(file.name for file in folder.figures.iterdir()) == [
        f"confusion_{head}_{part}.png"
        for head in ("softmax", "svm")
        for part in ("casme2", "full", "smic")
    ]


def test_shows_every_figure_with_interval_and_floors(finished_run):
    folder = finished_run(seeds=2)
    text = page_of(folder).text
    metrics = folder.metrics()
    for part in ("full", "casme2", "smic"):
        for head in ("svm", "softmax"):
            figures = metrics[head][part]
            low, high = figures["uf1_ci95"]
            assert figure_text(figures["uf1"]) in text
            assert f"{figure_text(low)} to {figure_text(high)}" in text
            assert f"sd over seeds {figure_text(figures['uf1_sd_seeds'])}" in text
        for floor in ("majority", "permuted"):
            assert figure_text(metrics["floors"][part][floor]["uf1"]) in text
    for fact in (
        "0123456789abcdef",
        "keras",
        "3.15.1",
        "class_weight",
        "bootstrap",
        "EP01",
        "99 ×",
    ):
        assert fact in text
    assert "no seed was chosen" in text


@pytest.mark.parametrize("synthetic", [True, False])
def test_synthetic_clips_are_called_so(finished_run, synthetic):
    assert ("SYNTHETIC" in page_of(finished_run(synthetic=synthetic)).text) is synthetic


def test_a_single_database_is_not_shown_twice(finished_run):
    page = page_of(finished_run(databases=("casme2",)))
    assert "Database casme2" not in page.text
    assert len(page.links) == 2


def test_a_gap_is_stated_with_its_reason(finished_run):
    text = page_of(finished_run(missing=(MissingFold(1, "smic/s99", 4, "out of memory"),))).text
    assert "INCOMPLETE" in text
    assert "smic/s99" in text
    assert "out of memory" in text


def test_a_complete_run_is_not_called_incomplete(finished_run):
    assert "INCOMPLETE" not in page_of(finished_run()).text


def test_clips_of_another_preset_are_not_passed_off_as_its_own(finished_run):
    text = page_of(finished_run(other_than_settings="size: 96, not 192")).text
    assert "preprocessed otherwise than fast" in " ".join(text.split())
    assert "size: 96, not 192" in text


@pytest.mark.parametrize(("databases", "times"), [(("casme2",), 1), (("casme2", "smic"), 2)])
def test_few_people_are_said_to_be_few(finished_run, databases, times):
    # 8 subjects in each database: 16 in both together are not few.
    assert page_of(finished_run(databases=databases)).text.count("Only 8 subjects") == times


def test_a_run_of_before_the_note_on_other_presets_has_a_report(finished_run):
    folder = finished_run()
    config = folder.config()
    del config["other_than_settings"]
    (folder.path / "config.json").write_text(json.dumps(config))
    assert "preprocessed otherwise" not in page_of(folder).text


def test_names_are_data_and_not_markup(finished_run):
    hostile = "<script>alert(1)</script>"
    folder = finished_run(class_names=(hostile, "b", "c"), databases=('d"><img src=x>',))
    page = page_of(folder)
    assert "script" not in page.tags
    assert hostile in page.text
    assert all(link.startswith("data:image/png") for link in page.links)


def test_goes_where_it_is_asked_to(finished_run, tmp_path):
    assert write_report(finished_run().path, tmp_path / "page.html") == tmp_path / "page.html"
    assert (tmp_path / "page.html").read_text().startswith("<!DOCTYPE html>")


def test_says_the_same_every_time(finished_run):
    folder = finished_run()
    pages = [write_report(folder.path).read_bytes() for _ in range(2)]
    assert pages[0] == pages[1]


def test_an_unfinished_run_has_no_report(tmp_path):
    with pytest.raises(StorageError, match=r"config\.json"):
        write_report(tmp_path)


@pytest.mark.parametrize("key", ["settings", "data", "subjects", "versions", "protocol"])
def test_a_damaged_config_is_refused_in_words(finished_run, key):
    folder = finished_run(missing=(MissingFold(1, "smic/s99", 4, "gone"),))
    config = json.loads((folder.path / "config.json").read_text())
    del config[key]
    (folder.path / "config.json").write_text(json.dumps(config))
    with pytest.raises(StorageError, match=f"damaged.*{key}"):
        write_report(folder.path)


@pytest.mark.parametrize(
    ("file", "key", "value"),
    [
        ("config.json", "data", None),
        ("config.json", "versions", 3),
        ("config.json", "settings", [1]),
        ("metrics.json", "class_names", 3),
        ("metrics.json", "svm", {"full": {"uf1": "x"}}),
        ("metrics.json", "softmax", None),
        ("metrics.json", "floors", {"full": {"majority": {"uf1": "x"}}}),
    ],
)
def test_values_of_another_kind_are_refused_in_words(finished_run, file, key, value):
    folder = finished_run(databases=("casme2",))
    content = json.loads((folder.path / file).read_text()) | {key: value}
    (folder.path / file).write_text(json.dumps(content))
    with pytest.raises(StorageError, match="damaged"):
        write_report(folder.path)


def test_a_database_of_any_name_gets_its_picture(finished_run):
    folder = finished_run(databases=("é" * 60, "x" * 250, "x" * 251, "~"))
    write_report(folder.path)
    assert len(list(folder.figures.iterdir())) == 2 * 5


def test_no_placeholder_is_left(finished_run):
    page = write_report(finished_run(seeds=2).path).read_text()
    assert not re.search(r"\{\{|\{%|None\b(?!<)|undefined", page)


def test_figures_are_written_as_the_field_does():
    assert [figure_text(value) for value in (0, 0.5, 1, 0.7186)] == [
        ".000",
        ".500",
        "1.000",
        ".719",
    ]


def test_settings_are_flattened_to_dotted_keys():
    values = {"a": {"b": 1, "c": [2, 3]}, "d": None}
    assert list(flattened(values)) == [("a.b", "1"), ("a.c", "2, 3"), ("d", "None")]
