"""Inputs are stored under the clips' own records, once, and whole or not at all."""

from __future__ import annotations

import json

import h5py
import numpy as np
import pytest

from astsvm.baselines import find_baseline
from astsvm.baselines.clip_content import ClipContent
from astsvm.baselines.inputs import UnfitClipError, write_inputs
from astsvm.baselines.registry import Baseline
from astsvm.config import TrainingSettings
from astsvm.errors import EvaluationError, StorageError
from astsvm.storage import open_clips, validate

RAW = find_baseline("flow_svm_raw")


def write(clips_path, output, baseline=RAW, **options):
    with open_clips(clips_path) as clips:
        write_inputs(clips, baseline, output, **options)
    return output


def test_every_clip_keeps_its_record_and_gets_one_stream(faces, tmp_path):
    output = write(faces, tmp_path / "run" / "inputs.h5")
    validate(output, deep=True)
    with open_clips(faces) as clips, open_clips(output) as inputs:
        assert inputs.streams == {"flow_svm_raw": (1, 12, 12, 3)}
        assert (inputs.synthetic, inputs.datasets) == (True, clips.datasets)
        for one, other in zip(clips.records, inputs.records, strict=True):
            assert (one.key, one.label, one.source) == (other.key, other.label, other.source)
        for index in (0, 4, 8):
            made = RAW.input_of(ClipContent(clips, index)).astype(np.float16)
            np.testing.assert_array_equal(inputs.read_batch("flow_svm_raw", [index])[0], made)
        derived = inputs.settings["derived"]
        assert (derived["baseline"], derived["clips"]) == ("flow_svm_raw", clips.digest)
        assert {k: v for k, v in inputs.settings.items() if k != "derived"} == clips.settings
    assert sorted(path.name for path in output.parent.iterdir()) == ["inputs.h5"]


def test_progress_counts_clips(faces, tmp_path):
    told = []
    write(faces, tmp_path / "inputs.h5", progress=lambda done, total: told.append((done, total)))
    assert told == [(0, 9), (9, 9)]


def test_a_finished_file_is_used_again_on_resume_only(faces, tmp_path):
    output = write(faces, tmp_path / "inputs.h5")
    before = output.stat().st_mtime_ns
    with pytest.raises(StorageError, match=r"exists already.*--resume"):
        write(faces, output)
    write(faces, output, resume=True)
    assert output.stat().st_mtime_ns == before


def test_a_file_of_other_clips_or_another_baseline_is_refused(faces, flow_images, tmp_path):
    output = write(faces, tmp_path / "inputs.h5")
    with pytest.raises(StorageError, match="made otherwise"):
        write(flow_images, output, resume=True)
    with pytest.raises(StorageError, match=r"derived\.baseline: 'flow_svm_raw', not 'flow_svm'"):
        write(faces, output, find_baseline("flow_svm"), resume=True)


def test_what_an_interrupted_run_has_made_is_not_made_again(faces, tmp_path):
    whole = write(faces, tmp_path / "whole.h5").read_bytes()
    output = tmp_path / "inputs.h5"
    with open_clips(faces) as clips, pytest.raises(KeyboardInterrupt):

        def interrupt(done, total):
            if done == total:
                raise KeyboardInterrupt

        write_inputs(clips, RAW, output, progress=interrupt)
    folder = tmp_path / "inputs.h5.parts"
    assert len(list(folder.glob("*.h5"))) == 9
    (folder / "000003.h5").write_bytes(b"cut short")
    times = {path.name: path.stat().st_mtime_ns for path in folder.glob("*.h5")}
    with pytest.raises(StorageError, match="--resume"):
        write(faces, output)
    told = []
    write(faces, output, resume=True, progress=lambda done, total: told.append(done))
    assert told == [8, 9]
    assert output.read_bytes() == whole
    assert not folder.exists()
    assert len(times) == 9


def test_the_file_does_not_depend_on_the_number_of_workers(faces, tmp_path):
    one = write(faces, tmp_path / "one.h5").read_bytes()
    assert write(faces, tmp_path / "two.h5", workers=2).read_bytes() == one


def test_clips_that_lack_what_is_needed_are_refused_before_anything(flow_images, tmp_path):
    with pytest.raises(EvaluationError, match=r"lbp_top needs frames, but there are no frames"):
        write(flow_images, tmp_path / "inputs.h5", find_baseline("lbp_top"))
    assert not list(tmp_path.glob("inputs*"))


def test_a_clip_whose_input_cannot_be_made_ends_it_by_name(faces, tmp_path):
    # LBP-TOP of radius 4 in time needs nine frames; these clips have five.
    with pytest.raises(UnfitClipError, match=r"lbp_top cannot be made of clip db/s0/c0: frames"):
        write(faces, tmp_path / "inputs.h5", find_baseline("lbp_top"))


@pytest.mark.parametrize("values", [np.zeros((2, 2)), np.full(3, np.nan), np.empty(0)])
def test_what_is_no_input_is_refused(faces, values, monkeypatch):
    odd = Baseline("odd", "odd one", "ours", ("motion",), "math:sqrt", TrainingSettings())
    monkeypatch.setattr("astsvm.baselines.registry._resolved", lambda place: lambda motion: values)
    with open_clips(faces) as clips, pytest.raises(ValueError, match="of the baseline odd must be"):
        odd.input_of(ClipContent(clips, 0))


def test_settings_hold_the_options_as_json(write_content, tmp_path):
    frames = np.random.default_rng(0).integers(0, 255, (11, 32, 32)).astype(np.uint8)

    def content(index):
        grey = frames.astype(np.float32) / 255
        return {"streams": {"idsf": (grey[1:] - grey[0])[..., None]}, "frames": frames}

    path = write_content(content)
    output = write(path, tmp_path / "inputs.h5", find_baseline("lbp_top_u2"))
    with h5py.File(output) as file:
        settings = json.loads(file.attrs["settings"].decode())
    assert settings["derived"]["options"]["radii"] == [3, 3, 3]
    write(path, output, find_baseline("lbp_top_u2"), resume=True)
