"""The doors of a recognizer lead to the same answers, and say what is odd."""

from dataclasses import replace

import numpy as np
import pytest

import astsvm
from astsvm.clip_processing import process_frames
from astsvm.errors import FrameReadError, InvalidInputError, StorageError
from astsvm.recognizer import Recognizer
from astsvm.recognizer.manifest import CalibrationRecord


@pytest.fixture(scope="module")
def recognizer(bundle):
    return Recognizer(bundle)


@pytest.fixture(scope="module")
def calibrated(make_bundle):
    record = CalibrationRecord(
        scale=2.0,
        bias=(0.5, 0.0, -0.5),
        clips=9,
        seeds=1,
        log_loss=0.9,
        base_rate_log_loss=1.1,
        predictions_sha256="0" * 64,
    )
    return Recognizer(make_bundle(calibration=record))


def test_it_is_a_name_of_the_package():
    assert astsvm.Recognizer is Recognizer


def test_saving_and_loading_change_no_byte(recognizer, tmp_path, moving_dots):
    recognizer.save(tmp_path / "model.astsvm")
    back = Recognizer.load(str(tmp_path / "model.astsvm"))
    back.save(tmp_path / "again.astsvm")
    assert (tmp_path / "again.astsvm").read_bytes() == (tmp_path / "model.astsvm").read_bytes()
    frames = moving_dots(0)
    one, other = recognizer.predict(frames, fps=100), back.predict(frames, fps=100)
    np.testing.assert_array_equal(one.scores, other.scores)
    assert back.class_names == ("negative", "positive", "surprise")
    assert back.synthetic
    assert not back.calibrated
    assert back.streams == {"flow": (4, 32, 32, 2), "idsf": (4, 32, 32, 1)}


def test_stored_features_frames_and_sources_get_the_same_answer(
    recognizer, dots_file, frame_folders, moving_dots
):
    with astsvm.open_clips(dots_file) as clips:
        for index, record in enumerate(clips.records):
            stored = recognizer.predict_clip(clips, index, maps=False)
            folder = frame_folders / record.source
            read = recognizer.predict_source(folder, 1, 6, fps=100, maps=False)
            subject, label = record.clip.split("_")
            dots = moving_dots(recognizer.class_names.index(label), int(subject[1:]))
            given = recognizer.predict(dots[1:7], fps=100, maps=False)
            features = recognizer.predict_features(stored.streams, maps=False)
            np.testing.assert_array_equal(features.scores, stored.scores)
            np.testing.assert_array_equal(given.scores, read.scores)
            # The clip file holds float16.
            np.testing.assert_allclose(read.scores, stored.scores, atol=1e-3)
            np.testing.assert_array_equal(read.frames, stored.frames)
            assert read.label == stored.label == given.label
            assert (stored.onset, stored.offset, stored.fps) == (1, 6, 100.0)
            assert (read.onset, read.offset, read.fps) == (1, 6, 100.0)
            assert (given.onset, given.offset) == (0, 5)


def test_aligned_frames_are_not_aligned_again(recognizer, moving_dots):
    import cv2

    frames = np.stack([cv2.resize(frame, (32, 32)) for frame in moving_dots(1)[:5]])
    found = recognizer.predict_aligned(frames)
    again = recognizer.predict_aligned(frames / np.float32(255))
    np.testing.assert_allclose(found.scores, again.scores, atol=1e-4)
    np.testing.assert_array_equal(found.frames, frames)
    difference = (frames[1:].astype(float) - frames[0]) / 255
    np.testing.assert_allclose(found.streams["idsf"][..., 0], difference, atol=1e-3)


def test_aligned_frames_may_go_a_little_beyond_black_and_white(recognizer, moving_dots):
    frames = recognizer.predict(moving_dots(0), fps=100, maps=False).frames / np.float32(255)
    assert recognizer.predict_aligned(frames * 1.2 - 0.1, maps=False).label
    for wrong in (frames * 255, frames - 2):
        with pytest.raises(InvalidInputError, match=r"about 0 to 1, received .* Divide"):
            recognizer.predict_aligned(wrong)


def test_a_recognition_holds_what_was_seen(recognizer, moving_dots, small_settings):
    frames = moving_dots(2)
    found = recognizer.predict(frames, fps=100)
    processed = process_frames(iter(frames), 100, small_settings.preprocessing)
    for name, values in processed.streams.items():
        np.testing.assert_array_equal(found.streams[name], values)
    np.testing.assert_array_equal(found.transform, processed.transform)
    assert set(found.attention) == {"flow", "flow_frames", "idsf", "idsf_frames"}
    assert found.motion["flow"].shape == (32, 32)
    without = recognizer.predict(frames, fps=100, maps=False)
    assert without.attention == without.motion == {}
    np.testing.assert_array_equal(without.scores, found.scores)


def test_scores_and_probabilities_are_never_mixed_up(recognizer, calibrated, moving_dots):
    plain = recognizer.predict(moving_dots(0), fps=100).as_dict()
    assert plain["probabilities"] is None
    found = calibrated.predict(moving_dots(0), fps=100)
    said = found.as_dict()
    assert said["scores"] == plain["scores"]
    values = 2.0 * found.scores + np.array([0.5, 0.0, -0.5])
    expected = np.exp(values) / np.exp(values).sum()
    np.testing.assert_allclose(list(said["probabilities"].values()), expected, rtol=1e-5)
    assert said["label"] == max(said["scores"], key=said["scores"].get)
    assert abs(sum(said["softmax"].values()) - 1) < 1e-4


def test_every_recognition_of_a_synthetic_model_says_so(recognizer, make_bundle, moving_dots):
    found = recognizer.predict(moving_dots(0), fps=100, maps=False)
    assert found.synthetic
    assert found.notices[0].startswith("SYNTHETIC")
    real = Recognizer(make_bundle(synthetic=False)).predict(moving_dots(0), fps=100, maps=False)
    assert not real.synthetic
    assert not any("SYNTHETIC" in notice for notice in real.notices)


def test_a_clip_unlike_all_of_the_training_is_told(recognizer, moving_dots):
    intercepts = [array[0] for array in recognizer.model.svm.support_arrays()[2::4]]
    np.testing.assert_allclose(recognizer.model.constants, intercepts)
    strange = recognizer.predict(moving_dots(1), 100.0, maps=False)
    np.testing.assert_allclose(strange.scores, intercepts, atol=1e-9)
    assert "like none of the training" in strange.notices[-1]
    # This one was trained on noise.
    noise = np.random.default_rng(6)
    known = recognizer.predict_features(
        {name: noise.normal(0, 1, shape) for name, shape in recognizer.streams.items()}, maps=False
    )
    assert np.abs(known.scores - intercepts).max() > 0.05
    assert not any("like none of the training" in notice for notice in known.notices)


def test_a_whole_or_a_long_source_is_told(recognizer, frame_folders):
    folder = frame_folders / "s0_positive"
    found = recognizer.predict_source(folder, fps=100, maps=False)
    assert (found.onset, found.offset) == (0, 7)
    assert "The whole input, 8 frames, was taken as one expression" in found.notices[1]
    slow = recognizer.predict_source(folder, 0, 7, fps=2, maps=False)
    assert "lasts 4.0 s" in slow.notices[1]
    assert not any("taken as one expression" in notice for notice in slow.notices)


def test_the_frame_rate_matters_only_to_the_magnification(recognizer, make_bundle, moving_dots):
    with pytest.raises(InvalidInputError, match=r"frame rate is unknown.*--fps"):
        recognizer.predict(moving_dots(0))
    settings = recognizer.settings
    fixed = settings.preprocessing.magnification.replace(alpha=5.0)
    preprocessing = settings.preprocessing.replace(magnification=fixed)
    free = Recognizer(make_bundle(settings.replace(preprocessing=preprocessing)))
    one, other = free.predict(moving_dots(0)), free.predict(moving_dots(0), fps=25)
    np.testing.assert_array_equal(one.scores, other.scores)
    assert one.fps is None


def test_what_cannot_be_recognised_is_refused(recognizer, tmp_path, dots_file, make_bundle):
    with pytest.raises(InvalidInputError, match="at least 2"):
        recognizer.predict(np.zeros((1, 40, 48), np.uint8), fps=100)
    with pytest.raises(FrameReadError, match="there is nothing"):
        recognizer.predict_source(tmp_path / "nothing.mp4", fps=100)
    with pytest.raises(InvalidInputError, match=r"\(5, 32, 32\)"):
        recognizer.predict_aligned(np.zeros((4, 32, 32), np.uint8))
    with pytest.raises(InvalidInputError, match="idsf is missing"):
        recognizer.predict_features({"flow": np.zeros((4, 32, 32, 2), np.float32)})
    settings = recognizer.settings
    other = settings.preprocessing.replace(interpolation="linear")
    unlike = Recognizer(make_bundle(settings.replace(preprocessing=other)))
    with (
        astsvm.open_clips(dots_file) as clips,
        pytest.raises(InvalidInputError, match="interpolation: 'tim', not 'linear'"),
    ):
        unlike.predict_clip(clips, 0)


def test_a_model_of_flow_images_takes_no_frames(bundle, moving_dots):
    data = bundle.manifest.data.replace(precomputed_flow="flow_images")
    made_elsewhere = Recognizer(replace(bundle, manifest=bundle.manifest.replace(data=data)))
    with pytest.raises(InvalidInputError, match="flow images made elsewhere"):
        made_elsewhere.predict(moving_dots(0), fps=100)
    streams = {"flow": np.zeros((4, 32, 32, 2), "f4"), "idsf": np.zeros((4, 32, 32, 1), "f4")}
    assert made_elsewhere.predict_features(streams, maps=False).label


def test_a_full_disk_leaves_the_old_model(recognizer, tmp_path):
    with pytest.raises(StorageError, match="cannot be written"):
        recognizer.save(tmp_path / "no folder" / "model.astsvm")
