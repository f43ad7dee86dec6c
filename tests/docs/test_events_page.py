"""The page about the events of `preprocess` names every event and key there is, and no other."""

from __future__ import annotations

import json
import re
from pathlib import Path

from astsvm.cli.preprocess_output import EventLines, outcome_json
from astsvm.clip import Clip
from astsvm.datasets import Dataset
from astsvm.pipeline import PreprocessSummary
from astsvm.preprocess_progress import FailureGroup, PreprocessProgress

PAGE = (Path(__file__).parents[2] / "docs" / "events.md").read_text("utf-8")
CLIP = Clip("folder", "s1", "c1", "a", Path("c1.mp4"))
DATASET = Dataset("folder", Path(), (CLIP,))
SUMMARY = PreprocessSummary(Path("a.h5"), stored=1, reused=0, problems=())
GROUPS = (FailureGroup("why", 1, "x"),)


def told() -> dict[str, set[str]]:
    lines: list[str] = []
    events = EventLines(DATASET, lines.append)
    events.watch(PreprocessProgress(0, 1, 0, 0))
    events.watch(PreprocessProgress(1, 1, 0, 0, CLIP.key))
    events.interrupted("go on")
    events.finished(SUMMARY, GROUPS)
    return {event.pop("event"): set(event) for event in map(json.loads, lines)}


def rows(section: str) -> list[list[set[str]]]:
    """Return the names in code of every cell, row by row, of a part of the page."""
    text = PAGE.split(f'<a id="{section}"></a>')[1].split("\n## ")[0]
    found = re.findall(r"^\| (`.*) \|$", text, re.MULTILINE)
    return [[set(re.findall(r"`(\w+)`", cell)) for cell in row.split(" | ")] for row in found]


def test_every_event_stands_with_its_keys():
    (_, *table) = [row for row in rows("events") if len(row) == 3]
    assert {next(iter(name)): keys for name, _, keys in table} == told()


def test_every_key_is_explained():
    explained = set().union(*(row[0] for row in rows("events") if len(row) == 2))
    assert explained == set().union(*told().values())


def test_the_outcome_stands_with_its_keys():
    outcome = json.loads(outcome_json(SUMMARY, DATASET, GROUPS))
    assert set().union(*(row[0] for row in rows("outcome"))) == set(outcome)
    assert all(f"`{key}`" in PAGE for key in GROUPS[0].as_dict())
