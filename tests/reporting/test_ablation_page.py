"""The page of an ablation says what was found, what could not be, and of what clips."""

from __future__ import annotations

import json
from copy import deepcopy

import pytest

from astsvm.errors import StorageError
from astsvm.evaluation.published_tables import PUBLISHED, UNREADABLE
from astsvm.reporting.ablation_page import ablation_markdown, write_ablation_page


def figures(uf1, uar):
    whole = {"uf1": uf1, "uar": uar, "accuracy": 0.5}
    told = dict(whole)
    for key, value in whole.items():
        told |= {f"{key}_ci95": [value - 0.1, value + 0.1], f"{key}_sd_seeds": 0.012}
    return told | {"confusion": [], "n_clips": 60, "n_subjects": 12}


def row(name, label, uf1, *, distinguishable=True, reference=False, **changes):
    heads = {
        head: {"full": figures(uf1 - shift, uf1 - shift - 0.02), "smic": figures(0.4, 0.3)}
        for head, shift in (("svm", 0), ("softmax", 0.03))
    }
    difference = {
        "difference": uf1 - 0.7,
        "ci95": [uf1 - 0.8, uf1 - 0.6],
        "p_value": 0.012 if distinguishable else 0.4,
        "distinguishable": distinguishable,
    }
    against = {head: {"uf1": difference, "uar": difference} for head in heads}
    published = {
        head: {"place": one.place, "figures": {k: list(v) for k, v in one.figures.items()}}
        for head, one in PUBLISHED.get(name, {}).items()
    }
    return {
        "variant": name,
        "label": label,
        "run": f"runs/{name}",
        "not_possible": "",
        "complete": True,
        "heads": heads,
        "against_reference": None if reference else against,
        "published": published,
    } | changes


@pytest.fixture
def results():
    floors = {"uf1": 0.241, "uar": 0.333, "accuracy": 0.566}
    impossible = {"heads": None, "run": None, "complete": None, "against_reference": None}
    streams = [
        row("flow-only", "Optical flow only", 0.55),
        row("idsf-only", "IDSF only", 0.5, **impossible, not_possible="it is <b>not</b> stored"),
        row("full", "AST+SVMNet", 0.7, reference=True),
    ]
    modules = [
        row("2d-only", "2-D modules only", 0.69, distinguishable=False),
        row("full", "AST+SVMNet", 0.7, reference=True),
    ]
    difference = {"difference": 0.03, "ci95": None, "p_value": 0.5, "distinguishable": False}
    return {
        "format": "astsvm-ablation",
        "format_version": 1,
        "reference": "full",
        "synthetic": False,
        "remarks": ["Something cannot be judged."],
        "protocol": "megc2019",
        "class_names": ["negative", "positive", "surprise"],
        "seeds": [1, 2],
        "evaluation": "CDE",
        "n_clips": 60,
        "n_subjects": 12,
        "floors": {part: {"majority": floors, "permuted": floors} for part in ("full", "smic")},
        "settings": {"preset": "fast", "training": {"epochs": 60}},
        "data": {"digest": "0" * 64, "datasets": ["folder"], "streams": {"flow": [1, 8, 8, 3]}},
        "versions": {"python": "3.11"},
        "tables": [
            {"number": 9, "title": "Input features", "unreadable": "", "rows": streams},
            {"number": 11, "title": "Layers", "unreadable": UNREADABLE[11], "rows": modules},
            {
                "number": 12,
                "title": "Classification",
                "unreadable": "",
                "rows": streams[2:],
                "svm_against_softmax": {"uf1": difference, "uar": difference},
            },
        ],
    }


@pytest.fixture
def write(results, tmp_path):
    """Write results, with changes, and return the page and the Markdown."""

    def make(**changes):
        (tmp_path / "ablation.json").write_text(json.dumps(results | changes))
        page = write_ablation_page(tmp_path)
        return page.read_text(), (tmp_path / "ablation.md").read_text()

    return make


def test_a_row_shows_ours_with_interval_and_the_papers_with_its_place(write):
    page, text = write()
    expected = (
        "| Optical flow only (SVM) | .550 +-.012 [.450, .650] | .530 +-.012 [.430, .630] "
        "| .738 / .729 (Table 9) | -0.150 [-0.250, -0.050], p = 0.012: distinguishable |"
    )
    assert expected in text
    assert "<td>.738 / .729 (Table 9)</td>" in page
    assert "| Optical flow only (softmax) | .520" in text


def test_the_reference_is_called_so_and_the_floors_stand_below(write):
    _, text = write()
    lines = text.splitlines()
    assert any(line.startswith("| AST+SVMNet (SVM) |") and "reference" in line for line in lines)
    assert sum(line.startswith("| floor: most frequent class | .241 | .333") for line in lines) == 3


def test_what_cannot_be_told_apart_is_not_called_better(write):
    _, text = write()
    (line,) = (line for line in text.splitlines() if line.startswith("| 2-D modules only (SVM)"))
    assert "p = 0.4: not distinguishable" in line
    assert "not known" in line
    assert "SVM minus softmax of the same networks: UF1 +0.030, p = 0.5: not dist" in text


def test_what_did_not_survive_of_the_paper_is_said(write):
    page, text = write()
    assert UNREADABLE[11] in text
    assert "Table 11 of the paper could not be read" in page


def test_a_row_that_is_not_possible_is_listed_and_names_are_escaped(write):
    page, text = write()
    assert "Not possible: IDSF only, because it is <b>not</b> stored." in text
    assert "because it is &lt;b&gt;not&lt;/b&gt; stored" in page
    assert "IDSF only (SVM)" not in text


def test_parts_by_database_stand_beside_the_papers(write):
    page, _ = write()
    assert "<td>.400 / .300 (paper .701 / .698)</td>" in page


def test_notices_stand_on_top(write, results):
    assert "SYNTHETIC" not in write()[0]
    page, text = write(synthetic=True)
    assert "<title>SYNTHETIC: Ablation" in page
    assert "**SYNTHETIC clips: these figures say nothing about real faces.**" in text
    assert "intervals are too narrow" in write(n_subjects=4)[1]
    assert "With one seed" in write(seeds=[1])[1]
    assert "Something cannot be judged." in page


def test_an_incomplete_row_is_shown_but_not_compared(write, results):
    tables = deepcopy(results["tables"])
    tables[0]["rows"][0] |= {"complete": False, "against_reference": None}
    _, text = write(tables=tables)
    assert "INCOMPLETE" in text
    (line,) = (line for line in text.splitlines() if line.startswith("| Optical flow only (SVM)"))
    assert line.count("not compared: folds are missing") == 2


def test_the_page_needs_nothing_else(write):
    page, _ = write()
    assert "http" not in page.replace("http-equiv", "")
    assert "<script" not in page


def test_markdown_holds_its_columns_whatever_a_name_is(results):
    results["tables"][0]["rows"][0]["label"] = "a | b"
    lines = ablation_markdown(results).splitlines()
    assert {line.count("|") for line in lines if line.startswith("|")} == {7}


@pytest.mark.parametrize(
    "content", [None, "", "[]", '{"format": "astsvm-run"}', '{"format": "astsvm-ablation"}']
)
def test_what_is_no_ablation_is_refused_by_name(tmp_path, content):
    if content is not None:
        (tmp_path / "ablation.json").write_text(content)
    with pytest.raises(StorageError, match=r"ablation\.json"):
        write_ablation_page(tmp_path)
