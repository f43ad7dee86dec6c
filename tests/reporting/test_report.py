"""The report is one page with everything in it, and says what must not be overlooked."""

from __future__ import annotations

import json
import re
import shutil
from html.parser import HTMLParser

import pytest

from astsvm.config import InnerSettings, Settings
from astsvm.errors import StorageError
from astsvm.evaluation.run_folder import RunFolder
from astsvm.evaluation.summary import MissingFold
from astsvm.reporting.report import flattened, write_report
from astsvm.reporting.run_names import figure_text

SECTIONS = (
    "figures",
    "confusion",
    "subjects",
    "learning",
    "attention",
    "reading",
    "dependencies",
)


SMALL = {"people": {"smic": (3, 12)}}
"""A run that is drawn quickly, for what does not depend on its size."""


class Page(HTMLParser):
    """Collects text, tags and links, and checks that tags are closed in order."""

    VOID = frozenset({"meta", "img", "br", "link"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.text = ""
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in ("src", "href")]
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def page_of(folder: RunFolder) -> Page:
    return Page(write_report(folder.path).read_text(encoding="utf-8"))


def test_holds_its_pictures_and_asks_no_network(finished_run):
    folder = finished_run()
    page = page_of(folder)
    assert page.tags.count("svg") == 2 + 6 + 2 + 1 + 6
    assert all(link.startswith(("#", "data:image/png;base64,")) for link in page.links)
    assert not {"img", "script", "link", "iframe", "object"} & set(page.tags)
    assert "http" not in page.text
    # Even markup that slipped in could load nothing.
    assert "default-src 'none'" in folder.report.read_text()


def test_every_picture_lies_beside_the_page_too(finished_run):
    folder = finished_run()
    write_report(folder.path)
    assert sorted(file.name for file in folder.figures.iterdir()) == sorted(
        [f"confusion_{h}_{p}.png" for h in ("softmax", "svm") for p in ("casme2", "full", "smic")]
        + ["intervals_uf1.png", "intervals_uar.png", "learning_curves.png"]
        + ["subjects_casme2.png", "subjects_smic.png"]
        + [f"attention_{c}_{v}.png" for c in range(3) for v in ("right", "wrong")]
    )


def test_a_picture_of_an_earlier_report_does_not_stay(finished_run):
    folder = finished_run(**SMALL, chance=1.0)
    folder.figures.mkdir()
    for name in ("attention_0_wrong.png", "mine.png"):
        (folder.figures / name).write_bytes(b"old")
    write_report(folder.path)
    assert not (folder.figures / "attention_0_wrong.png").exists()
    assert (folder.figures / "attention_0_right.png").stat().st_size > 1000
    assert (folder.figures / "mine.png").read_bytes() == b"old"


def test_clips_that_are_not_as_they_came_are_counted_at_the_top(finished_run):
    page = write_report(finished_run().path).read_text()
    told = page.index("skipped by preprocessing: 1,")
    assert told < page.index('class="verdict"')


def test_sections_come_in_the_order_of_reading(finished_run):
    page = write_report(finished_run(config={"marks": ["LEAK METER: x"]}).path).read_text()
    order = [page.index(f'id="{name}"') for name in SECTIONS]
    assert order == sorted(order)
    assert page.index("LEAK METER") < page.index('class="verdict"') < order[0]


def test_shows_every_figure_with_interval_and_floors(finished_run):
    folder = finished_run(seeds=2)
    text = page_of(folder).text
    metrics = folder.metrics()
    for part in ("full", "casme2", "smic"):
        for head in ("svm", "softmax"):
            figures = metrics[head][part]
            low, high = figures["uf1_ci95"]
            assert figure_text(figures["uf1"]) in text
            assert f"[{figure_text(low)}, {figure_text(high)}]" in text
            assert f"sd {figure_text(figures['uf1_sd_seeds'])}" in text
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
    assert ("SYNTHETIC" in page_of(finished_run(**SMALL, synthetic=synthetic)).text) is synthetic


def test_a_single_database_is_not_shown_twice(finished_run):
    page = page_of(finished_run(databases=("casme2",)))
    assert page.tags.count("svg") == 2 + 2 + 1 + 1 + 6
    assert "SDE, casme2" in page.text
    assert "CDE" not in page.text


def test_parts_of_a_composite_run_are_not_called_after_a_database_alone(finished_run):
    page = page_of(finished_run(metrics={"evaluation": "CDE"}))
    assert "CDE part casme2: 48 clips of 8 subjects" in page.text
    assert "SDE, " not in page.text


def test_a_gap_is_stated_with_its_reason(finished_run):
    text = page_of(finished_run(missing=(MissingFold(1, "smic/s03", 4, "out of memory"),))).text
    assert "INCOMPLETE" in text
    assert "1 of\n  16 folds" in text
    assert "smic/s03" in text
    assert "out of memory" in text
    # In the notice, under two heads in the table, and in the picture's legend.
    assert text.count("no result") == 1 + 2 + 1
    assert "0 of 1" in text
    # Nothing is unreadable: the fold is missing and was not looked for.
    assert "could not be read" not in text


def test_a_complete_run_is_not_called_incomplete(finished_run):
    assert "INCOMPLETE" not in page_of(finished_run(**SMALL)).text


def test_clips_of_another_preset_are_not_passed_off_as_its_own(finished_run):
    text = page_of(finished_run(**SMALL, config={"other_than_settings": "size: 96, not 192"})).text
    assert "preprocessed otherwise than fast" in " ".join(text.split())
    assert "size: 96, not 192" in text


@pytest.mark.parametrize(("databases", "times"), [(("casme2",), 1), (("casme2", "smic"), 2)])
def test_few_people_are_said_to_be_few(finished_run, databases, times):
    # 8 subjects in each database: 16 in both together are not few.
    assert page_of(finished_run(databases=databases)).text.count("Only 8 subjects") == times


def test_a_run_of_before_the_note_on_other_presets_has_a_report(finished_run):
    folder = finished_run(**SMALL)
    assert "other_than_settings" not in folder.config()
    assert "preprocessed otherwise" not in page_of(folder).text


HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(2)>',
    "$\\frac{1}{ {{ 7*7 }}",
    "\u202eright to left \u05e9\u05dc\u05d5\u05dd",
    "W" * 300,
    "]]><!-- &lt;",
)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_names_are_data_and_not_markup(finished_run, hostile):
    name = hostile.replace("/", "|")
    folder = finished_run(
        seeds=1,
        class_names=(hostile, "b", "c"),
        people={name: (2, 8), "smic": (2, 8)},
        subject_name=name.replace("{", "(").replace("}", ")") + "{}",
        clip_name=name.replace("{", "(").replace("}", ")") + "{}",
        missing=(MissingFold(1, "smic/nobody", 1, hostile),),
        config={"marks": [hostile], "files": [hostile]},
    )
    page = page_of(folder)
    assert not {"script", "img"} & set(page.tags)
    assert page.text.count(hostile) >= 5
    assert all(link.startswith(("#", "data:image/png;base64,")) for link in page.links)
    assert len(page.ids) == len(set(page.ids))
    if len(hostile) > 100:
        # In pictures, names are cut; in the tables they are whole.
        svgs = "".join(re.findall(r"<svg.*?</svg>", folder.report.read_text(), re.DOTALL))
        assert hostile not in svgs


def test_what_inner_splits_chose_is_told_and_not_called_fixed(finished_run):
    settings = Settings.from_preset("fast")
    training = settings.training.replace(inner=InnerSettings(splits=4))
    content = settings.replace(training=training).model_dump(mode="json")
    text = page_of(finished_run(**SMALL, seeds=2, inner=True, config={"settings": content})).text
    assert "fixed beforehand" not in text
    assert "subjects in\n    4 parts" in text
    assert "epochs4 (3), 5 (3)" in text


def test_the_leak_meter_stands_beside_and_is_called_no_result(finished_run):
    figures = {"uf1": 0.987, "uar": 0.986, "accuracy": 0.985}
    leaked = {head: {"full": figures} for head in ("svm", "softmax")}
    marked = finished_run(**SMALL, metrics={"leak_meter": leaked}, config={"oracle_epoch": True})
    page = page_of(marked)
    assert "none was recorded" not in page.text
    assert page.text.count("LEAK METER, not a result") == 2
    assert page.text.count(".987") == 2
    assert "Leak meter." in page.text
    honest = page_of(finished_run(**SMALL, name="honest")).text
    assert "LEAK METER" not in honest
    assert "none was recorded" in honest


def test_marks_stand_on_top_of_the_page_and_of_every_picture(finished_run):
    marks = ["LEAK METER: the epoch was chosen on the held-out subject.", "PERMUTED LABELS: null."]
    folder = finished_run(config={"marks": marks})
    page = write_report(folder.path).read_text()
    for mark in marks:
        assert f'<p class="notice mark">{mark}</p>' in page
    assert "<title>LEAK METER: PERMUTED LABELS: " in page
    pictures = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(pictures) == 17
    for picture in pictures:
        assert ">LEAK METER<" in picture
        assert ">PERMUTED LABELS<" in picture
    assert "the red\n    notices at the top say" in page


def test_an_unmarked_run_has_no_mark(finished_run):
    page = write_report(finished_run(**SMALL).path).read_text()
    assert 'class="notice mark"' not in page
    assert "red\n    notices" not in page


@pytest.mark.parametrize(
    ("right", "expected"),
    [(1.0, "above the floors"), (0.34, "not distinguishable from the floors")],
)
def test_the_verdict_follows_from_interval_and_floors(finished_run, right, expected):
    folder = finished_run(chance=right, people={"smic": (12, 120)})
    text = " ".join(page_of(folder).text.split())
    assert text.count(f"{expected} (") == 2


def test_attention_of_the_clips_that_the_rule_names(finished_run):
    folder = finished_run(seeds=2)
    rows = [row for row in folder.predictions().rows if row.seed == 1]
    surest = max(
        (row for row in rows if row.truth == row.predicted["softmax"] == 1),
        key=lambda row: row.class_scores["softmax"][1],
    )
    text = " ".join(page_of(folder).text.split())
    assert f"{surest.key}: right, class positive with probability" in text
    assert "No frame of a clip is shown" in text


def test_a_run_whose_folds_are_gone_has_a_report_that_says_so(finished_run):
    folder = finished_run(**SMALL)
    shutil.rmtree(folder.path / "folds")
    page = page_of(folder)
    assert "3 folds could not be read" in page.text
    assert page.tags.count("svg") == 2 + 2 + 1
    assert "no fold of the run could be read" in page.text


def test_a_network_without_attention_is_said_to_have_none(finished_run):
    settings = Settings.from_preset("fast")
    settings = settings.replace(network=settings.network.replace(attention="none"))
    config = {"settings": settings.model_dump(mode="json")}
    folder = finished_run(**SMALL, attention=False, config=config)
    assert "has no attention" in page_of(folder).text


def test_a_composite_of_three_databases_and_five_seeds_is_a_small_page(finished_run):
    people = {"smic": (16, 164), "casme2": (24, 145), "samm": (28, 133)}
    folder = finished_run(seeds=5, people=people, grid=32)
    page = page_of(folder)
    assert folder.report.stat().st_size < 1_000_000
    assert all(f">s{i:02d}<" in folder.report.read_text() for i in range(1, 29))
    assert "All 68 subjects in numbers" in page.text


def test_goes_where_it_is_asked_to(finished_run, tmp_path):
    assert (
        write_report(finished_run(**SMALL).path, tmp_path / "page.html") == tmp_path / "page.html"
    )
    assert (tmp_path / "page.html").read_text().startswith("<!DOCTYPE html>")


def test_says_the_same_every_time(finished_run):
    folder = finished_run(**SMALL)
    pages = [write_report(folder.path).read_bytes() for _ in range(2)]
    assert pages[0] == pages[1]


def test_an_unfinished_run_has_no_report(tmp_path):
    with pytest.raises(StorageError, match=r"config\.json"):
        write_report(tmp_path)


@pytest.mark.parametrize("key", ["settings", "data", "subjects", "versions", "protocol"])
def test_a_damaged_config_is_refused_in_words(finished_run, key):
    folder = finished_run(**SMALL, missing=(MissingFold(1, "smic/s01", 4, "gone"),))
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
    folder = finished_run(**SMALL)
    content = json.loads((folder.path / file).read_text()) | {key: value}
    (folder.path / file).write_text(json.dumps(content))
    with pytest.raises(StorageError, match="damaged"):
        write_report(folder.path)


def test_a_database_of_any_name_gets_its_picture(finished_run):
    folder = finished_run(databases=("é" * 60, "x" * 250, "x" * 251, "~"))
    write_report(folder.path)
    assert len(list(folder.figures.glob("confusion_*"))) == 2 * 5
    assert len(list(folder.figures.glob("subjects_*"))) == 4


def test_no_placeholder_is_left(finished_run):
    page = write_report(finished_run(**SMALL, seeds=2).path).read_text()
    assert not re.search(r"\{\{|\{%|None\b(?!<)|undefined", page)


def test_settings_are_flattened_to_dotted_keys():
    values = {"a": {"b": 1, "c": [2, 3]}, "d": None}
    assert list(flattened(values)) == [("a.b", "1"), ("a.c", "2, 3"), ("d", "not set")]
