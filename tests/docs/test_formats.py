"""The tables of the file formats name everything the files hold, and nothing else."""

from __future__ import annotations

import csv
import json
import re
import zipfile
from pathlib import Path

import h5py
import numpy as np

DOCS = Path(__file__).parents[2] / "docs"
KINDS = {"S": "text", "i": "int64", "f": "float64"}


def tables(page: str) -> list[list[list[str]]]:
    """Return the tables of a page: rows of cells, without the head."""
    text = (DOCS / page).read_text("utf-8")
    found = re.findall(r"^\|.*\n\|[-|]+\n((?:\|.*\n)+)", text, re.MULTILINE)
    return [
        [[cell.strip() for cell in row.strip("|").split("|")] for row in rows.splitlines()]
        for rows in found
    ]


def names(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def by_name(table: list[list[str]]) -> dict[str, list[str]]:
    return {name: cells[1:] for cells in table for name in names(cells[0])}


def attribute_types(item: h5py.Group) -> dict[str, str]:
    return {name: KINDS[item.attrs.get_id(name).dtype.kind] for name in item.attrs}


def test_the_clip_file_holds_what_its_page_tells(documented_files):
    root, clip, arrays = (by_name(table) for table in tables("clip-file.md"))
    with h5py.File(documented_files / "clips.h5") as file:
        entry = file["clips/000000"]
        assert attribute_types(file) == {name: cells[0] for name, cells in root.items()}
        assert attribute_types(entry) == {name: cells[0] for name, cells in clip.items()}
        stored: dict[str, h5py.Dataset] = {}
        entry.visititems(
            lambda name, item: (
                stored.update({name: item}) if isinstance(item, h5py.Dataset) else None
            )
        )
        assert stored.keys() == arrays.keys()
        for name, (dtype, shape, _) in arrays.items():
            assert stored[name].dtype == np.dtype(dtype)
            sides = shape.strip("()").split(", ")
            assert len(sides) == stored[name].ndim
            for told, side in zip(sides, stored[name].shape, strict=True):
                assert not told.isdigit() or int(told) == side, name
        text = (DOCS / "clip-file.md").read_text("utf-8")
        assert all(f"`{field}`" in text for field in file["skipped"].dtype.names)
        assert file.attrs["format"].decode() in text


def test_config_and_metrics_have_the_documented_keys(documented_files):
    config, _, metrics, _ = (by_name(table) for table in tables("run-folder.md"))
    found = json.loads((documented_files / "run" / "config.json").read_text())
    in_text = {name for name in config if name in found}
    assert in_text == set(found)
    assert set(config) - set(found) == set()
    found = json.loads((documented_files / "run" / "metrics.json").read_text())
    assert set(metrics) == set(found)
    text = (DOCS / "run-folder.md").read_text("utf-8")
    for key in found["svm"]["full"]:
        stem = key.removesuffix("_ci95").removesuffix("_sd_seeds")
        assert f"`{stem}`" in text
        assert f"`{key.removeprefix(stem)}`" in text or key == stem
    for key in json.loads((documented_files / "run" / "config.json").read_text())["data"]:
        assert f"`{key}`" in text


def test_tables_of_a_run_have_the_documented_columns(documented_files):
    _, columns, _, _ = tables("run-folder.md")
    told = [name for cells in columns for name in names(cells[0])]
    for name in ("predictions.csv", "leak_meter.csv"):
        lines = (documented_files / "run" / name).read_text().splitlines()
        header = next(csv.reader(line for line in lines if not line.startswith("#")))
        classes = ["negative", "positive", "surprise"]
        wanted: list[str] = []
        for column in told:
            many = column.endswith("_CLASS")
            wanted += [column.replace("CLASS", c) for c in classes] if many else [column]
        assert header == wanted
    header = (documented_files / "run" / "choices.csv").read_text().splitlines()[0].split(",")
    section = (DOCS / "run-folder.md").read_text("utf-8").split("## choices.csv")[1].split("## ")[0]
    assert names(section)[1 : len(header) + 1] == header


def test_a_fold_holds_the_documented_arrays(documented_files):
    arrays = {
        name.replace("STREAM", "flow"): cells[0]
        for name, cells in by_name(tables("run-folder.md")[3]).items()
    }
    (path, *_) = sorted((documented_files / "run" / "folds" / "1").iterdir())
    with np.load(path, allow_pickle=False) as fold:
        assert set(fold.files) == set(arrays)
        for name, shape in arrays.items():
            sides = [side for side in shape.strip("()").split(",") if side.strip()]
            assert shape == "text" or fold[name].ndim == len(sides), name


def test_the_model_file_holds_what_its_page_tells(documented_files):
    members, manifest = (by_name(table) for table in tables("model-file.md"))
    with zipfile.ZipFile(documented_files / "my.astsvm") as archive:
        assert list(members) == archive.namelist()
        found = json.loads(archive.read("manifest.json"))
    assert set(manifest) == set(found)
    text = (DOCS / "model-file.md").read_text("utf-8")
    assert f"`{found['format']}`, version {found['format_version']}" in text
    assert f"`{found['format']}`, {found['format_version']} |" in text


def test_the_tree_of_a_run_names_every_file(documented_files):
    text = (DOCS / "run-folder.md").read_text("utf-8")
    (tree,) = re.findall(r"```text\n(config.json.*?)```", text, re.DOTALL)
    for entry in (documented_files / "run").iterdir():
        assert entry.name in tree or re.fullmatch(r"megc_log_seed\d+\.txt", entry.name), entry


def test_the_output_of_predict_holds_what_its_page_tells(documented_files):
    from astsvm import Recognizer
    from astsvm.reporting.prediction_output import (
        Answer,
        Failure,
        TimelineAnswer,
        predictions_csv,
        predictions_json,
    )
    from astsvm.spotting import SpottingSettings

    recognizer = Recognizer.load(documented_files / "my.astsvm")
    video = documented_files / "long.mp4"
    settings = SpottingSettings(alignment="none", size=96)
    clip = Answer(video, recognizer.predict_source(video, 2, 9, maps=False))
    search = TimelineAnswer(video, recognizer.predict_timeline(video, settings=settings))
    failures = [Failure(video, "no face")]
    told = json.loads(predictions_json([clip, search], failures, recognizer.bundle.manifest))
    whole, model, entry, of_clip, timeline, columns = map(by_name, tables("prediction-output.md"))
    one, searched = told["inputs"]
    assert set(whole) == set(told)
    assert set(model) == set(told["model"])
    assert set(entry) == set(searched)
    assert set(entry) - set(one) == {"timeline"}
    assert searched["clips"]
    assert set(of_clip) == set(searched["clips"][0])
    of_search = {name for name, cells in of_clip.items() if cells[0].startswith("of a search")}
    assert set(of_clip) - set(one["clips"][0]) == of_search
    assert set(timeline) == set(searched["timeline"])
    names = recognizer.class_names
    header = predictions_csv([clip, search], names).splitlines()[0].split(",")
    wanted = [
        column.replace("CLASS", name)
        for column in columns
        for name in (names if column.endswith("_CLASS") else [""])
    ]
    assert header == wanted
