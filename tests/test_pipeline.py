"""From clips on disk to a clip file: sound clips are kept, each bad one says why it is not."""

import csv
import multiprocessing
import os
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from astsvm import pipeline
from astsvm.clip import Clip
from astsvm.config import Settings
from astsvm.datasets import load_dataset
from astsvm.errors import FrameReadError, InvalidInputError, StorageError
from astsvm.execution.local import WorkerLostError
from astsvm.pipeline import preprocess_dataset, process_clip
from astsvm.storage import open_clips
from astsvm.storage.writer import PartsFolder

SETTINGS = Settings.from_preset("demo").preprocessing
HEADER = ["clip", "subject", "label", "path", "onset", "apex", "offset", "fps"]


@pytest.fixture(scope="session")
def corpus(tmp_path_factory):
    from astsvm.datasets.synthetic import write_corpus

    root = tmp_path_factory.mktemp("pipeline") / "corpus"
    write_corpus(root, subjects=2, clips=2, difficulty="easy", seed=3, size=(320, 240))
    return root


@pytest.fixture(scope="session")
def stored(corpus, tmp_path_factory):
    output = tmp_path_factory.mktemp("stored") / "clips.h5"
    summary = preprocess_dataset(load_dataset("folder", corpus), output, SETTINGS, workers=2)
    assert (summary.stored, summary.problems) == (4, ())
    return output


def frame_folder(corpus):
    """Return the frames of the corpus's first clip."""
    clip = load_dataset("folder", corpus).clips[0]
    return sorted(path for path in clip.source.iterdir() if path.suffix == ".png")


def write_sheet(root, rows):
    with (root / "clips.csv").open("w", newline="", encoding="utf-8") as sheet:
        writer = csv.DictWriter(sheet, HEADER, restval="")
        writer.writeheader()
        writer.writerows(rows)


def row(clip, path, **more):
    return {"clip": clip, "subject": "s1", "label": "positive", "path": path, "fps": 100, **more}


def preprocess(root, output, **options):
    summary = preprocess_dataset(load_dataset("folder", root), output, SETTINGS, **options)
    return summary, {problem.clip: problem for problem in summary.problems}


def test_stored_features_are_those_of_the_pure_functions(corpus, stored):
    from astsvm.features import idsf, optical_flow, without_head_motion
    from astsvm.preprocessing import FaceAligner, interpolate_frames, magnify_motion, read_frames

    clip = load_dataset("folder", corpus).clips[0]
    source = read_frames(clip.source, clip.onset, clip.offset)
    aligned = FaceAligner(size=96).align(source.frames)
    frames = interpolate_frames(magnify_motion(aligned.frames, alpha=8.0), 11)
    with open_clips(stored) as clips:
        index = clips.index_of(clip.key)
        flow = clips.read_batch("flow", [index])[0]
        differences = clips.read_batch("idsf", [index])[0]
        # Not to the bit: this process multiplies matrices with more threads than a worker.
        np.testing.assert_allclose(flow, without_head_motion(optical_flow(frames)), atol=1e-3)
        np.testing.assert_allclose(differences, idsf(frames), atol=1e-4)
        np.testing.assert_array_equal(clips.landmarks(index), aligned.landmarks)
        assert clips.frames(index).shape == (11, 96, 96)
        assert np.abs(clips.frames(index) / 255.0 - np.clip(frames, 0, 1)).max() <= 0.5 / 255 + 1e-6


def test_the_apex_of_the_sheet_is_in_no_feature(corpus, stored, tmp_path):
    # An apex is somebody's annotation; a clip to be recognised has none.
    root = tmp_path / "corpus"
    shutil.copytree(corpus, root)
    sheet = root / "clips.csv"
    with sheet.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert all(row["apex"] for row in rows)
    moved = [{**row, "apex": str(int(row["onset"]) + 1)} for row in rows]
    assert moved != rows
    with sheet.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(moved)
    preprocess(root, tmp_path / "clips.h5", workers=2)
    with open_clips(stored) as clips, open_clips(tmp_path / "clips.h5") as others:
        for stream in clips.streams:
            np.testing.assert_array_equal(
                clips.read_batch(stream, range(4)), others.read_batch(stream, range(4))
            )


def test_workers_and_a_resume_change_no_byte(corpus, stored, tmp_path):
    dataset = load_dataset("folder", corpus)
    output = tmp_path / "clips.h5"
    # An interrupted run: two of four clips are done, one of them is damaged afterwards.
    with PartsFolder.open(output, dataset, SETTINGS) as parts, threadpool_limits(1):
        for index in (0, 2):
            parts.store(index, process_clip(dataset.clips[index], SETTINGS))
    damaged = sorted(parts.path.glob("*.h5"))[1]
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2] ^= 1
    damaged.write_bytes(content)
    summary = preprocess_dataset(dataset, output, SETTINGS, workers=1, resume=True)
    assert (summary.stored, summary.reused) == (4, 1)
    assert output.read_bytes() == stored.read_bytes()
    assert not output.with_name("clips.h5.parts").exists()


def test_resume_under_other_settings_names_the_key(corpus, tmp_path):
    dataset = load_dataset("folder", corpus)
    output = tmp_path / "clips.h5"
    with PartsFolder.open(output, dataset, SETTINGS) as parts:
        parts.store_failure(0, "no face")
    with pytest.raises(StorageError, match="interpolation"):
        preprocess_dataset(dataset, output, SETTINGS.replace(interpolation="linear"), resume=True)


def test_an_existing_file_is_never_overwritten(corpus, stored):
    before = stored.read_bytes()
    with pytest.raises(StorageError, match="exists"):
        preprocess_dataset(load_dataset("folder", corpus), stored, SETTINGS)
    assert stored.read_bytes() == before


def test_every_bad_clip_says_why_and_the_others_are_kept(corpus, tmp_path):
    root = tmp_path / "clips"
    root.mkdir()
    good = frame_folder(corpus)
    rows = [
        row("good", "Größe und Maß/Clip 1"),
        row("one_frame", "one_frame"),
        row("unreadable", "unreadable.mp4"),
        row("missing", "nowhere.mp4"),
        row("backwards", "Größe und Maß/Clip 1", onset=9, offset=3),
        row("beyond", "Größe und Maß/Clip 1", onset=0, offset=5000),
        row("sizes", "sizes"),
        row("faceless", "faceless"),
        row("no_rate", "Größe und Maß/Clip 1", fps=""),
        row("empty", "empty"),
    ]
    write_sheet(root, rows)
    shutil.copytree(good[0].parent, root / "Größe und Maß" / "Clip 1")
    (root / "one_frame").mkdir()
    shutil.copy(good[0], root / "one_frame")
    (root / "unreadable.mp4").write_bytes(os.urandom(4000))
    (root / "sizes").mkdir()
    shutil.copy(good[0], root / "sizes" / "1.png")
    image = cv2.imread(str(good[1]), cv2.IMREAD_UNCHANGED)
    cv2.imwrite(str(root / "sizes" / "2.png"), image[:-10])
    (root / "faceless").mkdir()
    for index in range(3):
        cv2.imwrite(str(root / "faceless" / f"{index}.png"), np.full_like(image, 90 + index))
    (root / "empty").mkdir()
    summary, problems = preprocess(root, tmp_path / "clips.h5", workers=2)
    assert summary.stored == 1
    expected = {
        "one_frame": "at least 2",
        "unreadable": "unreadable.mp4",
        "missing": "nowhere.mp4",
        "backwards": "offset 3 lies before onset 9",
        "beyond": "5000",
        "sizes": "2.png",
        "faceless": "face",
        "no_rate": "frame rate",
        "empty": "empty",
    }
    for number, (clip, said) in enumerate(expected.items(), start=3):
        problem = problems[f"folder/s1/{clip}"]
        assert said in problem.reason, clip
        assert "\n" not in str(problem)
        assert problem.row == number
    with open_clips(tmp_path / "clips.h5") as clips:
        assert [record.clip for record in clips.records] == ["good"]
        recorded = {skipped.clip: skipped.reason for skipped in clips.skipped}
        assert set(recorded) == set(problems)
        assert "at least 2" in recorded["folder/s1/one_frame"]


def test_grey_rgba_and_16_bit_frames_mean_the_same_clip(corpus, tmp_path):
    root = tmp_path / "clips"
    converted = {
        "grey": lambda grey: grey,
        "colour": lambda grey: cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR),
        "rgba": lambda grey: cv2.cvtColor(grey, cv2.COLOR_GRAY2BGRA),
        "deep": lambda grey: grey.astype(np.uint16) * 257,
    }
    for name, convert in converted.items():
        (root / name).mkdir(parents=True)
        for path in frame_folder(corpus)[:12]:
            grey = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
            cv2.imwrite(str(root / name / path.name), convert(grey))
    write_sheet(root, [row(name, name) for name in converted])
    summary, _ = preprocess(root, tmp_path / "clips.h5")
    assert summary.stored == 4
    with open_clips(tmp_path / "clips.h5") as clips:
        flows = clips.read_batch("flow", range(4)).astype(np.float32)
        reference = flows[clips.index_of("grey")]
        assert np.abs(reference).max() > 0.05
        assert np.abs(flows - reference).max() < 0.02


def test_no_usable_clip_still_leaves_the_reasons(corpus, tmp_path):
    root = tmp_path / "clips"
    (root / "faceless").mkdir(parents=True)
    for index in range(3):
        cv2.imwrite(str(root / "faceless" / f"{index}.png"), np.full((240, 320), 90, np.uint8))
    write_sheet(root, [row("faceless", "faceless")])
    summary, problems = preprocess(root, tmp_path / "clips.h5")
    assert summary.stored == 0
    assert "face" in problems["folder/s1/faceless"].reason
    with open_clips(tmp_path / "clips.h5") as clips:
        assert len(clips) == 0
        assert len(clips.skipped) == 1


def test_landmarks_of_other_clips_only_are_refused(corpus, tmp_path):
    points = np.zeros((68, 2), np.float32)
    with pytest.raises(InvalidInputError, match=r"such as 'synthetic/s01/.*received .* 'c1'"):
        preprocess(corpus, tmp_path / "clips.h5", landmarks={"c1": points})
    assert not list(tmp_path.iterdir())


def test_whoever_watches_sees_every_clip_and_what_an_earlier_run_left(
    frame_folders, small_settings, tmp_path
):
    dataset = load_dataset("folder", frame_folders)
    settings, output = small_settings.preprocessing, tmp_path / "clips.h5"
    with PartsFolder.open(output, dataset, settings) as parts, threadpool_limits(1):
        parts.store(4, process_clip(dataset.clips[4], settings))
    broken = dataset.clips[2].source / "3.png"
    content = broken.read_bytes()
    broken.write_bytes(b"no picture")
    states, checked = [], []
    try:
        preprocess_dataset(
            dataset, output, settings, resume=True, watch=states.append, checking=checked.append
        )
    finally:
        broken.write_bytes(content)
    assert checked == [1]
    assert [(s.done, s.total, s.reused) for s in states] == [(n, 9, 1) for n in range(1, 10)]
    assert (states[0].clip, states[0].reason) == (None, None)
    others = [clip.key for index, clip in enumerate(dataset.clips) if index != 4]
    assert sorted(str(state.clip) for state in states[1:]) == sorted(others)
    reasons = {state.clip: state.reason for state in states[1:] if state.reason}
    assert list(reasons) == [dataset.clips[2].key]
    assert "3.png" in reasons[dataset.clips[2].key]
    at = next(index for index, state in enumerate(states) if state.reason)
    assert [state.failed for state in states] == [0] * at + [1] * (9 - at)


@pytest.mark.parametrize("seconds", [0, -1.0, float("nan"), float("inf")])
def test_a_clip_timeout_that_is_no_time_is_refused_before_anything_is_made(
    frame_folders, tmp_path, seconds
):
    with pytest.raises(InvalidInputError, match="clip_timeout must be a positive number"):
        preprocess(frame_folders, tmp_path / "clips.h5", clip_timeout=seconds)
    assert not list(tmp_path.iterdir())


def test_a_whole_output_beside_parts_of_its_run_is_taken_without_computing_again(
    corpus, stored, tmp_path, monkeypatch
):
    dataset = load_dataset("folder", corpus)
    output = tmp_path / "clips.h5"
    PartsFolder.open(output, dataset, SETTINGS).close()
    shutil.copy(stored, output)  # as a run leaves it that is killed when its parts are removed
    before = output.stat()
    states, checked = [], []
    monkeypatch.setattr(pipeline, "run_tasks", lambda *_, **__: pytest.fail("computed again"))
    summary = preprocess_dataset(
        dataset, output, SETTINGS, resume=True, watch=states.append, checking=checked.append
    )
    assert (summary.stored, summary.reused, summary.problems) == (4, 4, ())
    assert [(state.done, state.total, state.reused) for state in states] == [(4, 4, 4)]
    assert checked == []
    assert output.stat() == before
    assert [item.name for item in tmp_path.iterdir()] == ["clips.h5"]


def test_a_source_that_changes_while_it_is_decoded_fails_with_that_reason(
    frame_folders, small_settings, tmp_path, monkeypatch
):
    from astsvm import clip_processing

    root = tmp_path / "clips"
    shutil.copytree(frame_folders, root)
    clip = load_dataset("folder", root).clips[0]
    frame = sorted(clip.source.glob("*.png"))[clip.onset or 0]
    real = clip_processing.process_frames

    def overtaken(frames, *args, **options):
        done = real(frames, *args, **options)
        frame.write_bytes(frame.read_bytes() + b"more")
        return done

    monkeypatch.setattr(clip_processing, "process_frames", overtaken)
    with threadpool_limits(1), pytest.raises(FrameReadError, match="changed while it was read"):
        process_clip(clip, small_settings.preprocessing)


def test_a_flow_image_that_is_replaced_while_it_is_read_fails_with_that_reason(
    tmp_path, monkeypatch
):
    from astsvm.datasets import flow_images

    first, second = tmp_path / "1.png", tmp_path / "2.png"
    for path, value in ((first, 9), (second, 200)):
        cv2.imwrite(str(path), np.full((28, 28, 3), value, np.uint8))
    real = flow_images.read_flow_image

    def overtaken(path):
        values = real(path)
        second.replace(path)
        return values

    monkeypatch.setattr(flow_images, "read_flow_image", overtaken)
    clip = Clip("casme2", "s1", "a", "0", first)
    with pytest.raises(FrameReadError, match=r"1\.png: changed while it was read"):
        process_clip(clip, SETTINGS, precomputed_flow=True)


def test_an_error_on_the_way_leaves_no_worker_at_its_part(corpus, tmp_path):
    def fail(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        preprocess(corpus, tmp_path / "clips.h5", workers=2, progress=fail)
    assert caught.tb is not None  # the traceback keeps every frame, and with it the iteration
    assert multiprocessing.active_children() == []


def test_flow_images_are_stored_with_their_median_taken_off(tmp_path):
    from astsvm.datasets.flow_images import read_flow_image

    rng = np.random.default_rng(5)
    root = tmp_path / "flow"
    (root / "png").mkdir(parents=True)
    lines = ["database,subject,clip,label,label_name,emotion,onset,apex,offset,action_units,file"]
    for number in range(3):
        image = rng.integers(0, 256, (28, 28, 3), np.uint8)
        cv2.imwrite(str(root / "png" / f"{number}.png"), image)
        lines.append(f"casme2,sub0{number},EP0{number},0,negative,Disgust,1,2,3,4,png/{number}.png")
    (root / "index.csv").write_text("\n".join(lines), encoding="utf-8")
    dataset = load_dataset("flow_images", root)
    output = tmp_path / "flow.h5"
    assert preprocess_dataset(dataset, output, SETTINGS).stored == 3
    with open_clips(output) as clips:
        assert clips.streams == {"flow": (1, 28, 28, 3)}
        for index, clip in enumerate(dataset.clips):
            values = clips.read_batch("flow", [index])[0, 0]
            np.testing.assert_array_equal(values, read_flow_image(clip.source).astype(np.float16))
            assert np.abs(np.median(values.astype(np.float32), axis=(0, 1))).max() < 1e-3


@pytest.mark.real_data
@pytest.mark.skipif("ASTSVM_REAL_DATA" not in os.environ, reason="needs ASTSVM_REAL_DATA")
def test_real_videos_and_photos(tmp_path):
    faces = Path(os.environ["ASTSVM_REAL_DATA"]) / "faces"
    root = tmp_path / "clips"
    root.mkdir()
    videos = ["single_face.mp4", "carphone_pristine.mp4", "no_face.mp4"]
    for name in videos:
        (root / name).symlink_to(faces / "video" / name)
        shutil.copy(faces / "video" / name, root / f"copy of {name}")
    expressions = root / "person b"
    expressions.mkdir()
    for path in (faces / "photo" / "vladmandic_human").glob("stock-emotions-b-*.jpg"):
        shutil.copy(path, expressions)
    rows = [row(name.split(".")[0], f"copy of {name}", offset=40, fps="") for name in videos]
    write_sheet(root, [*rows, row("person_b", "person b", fps=25)])
    summary, problems = preprocess(root, tmp_path / "clips.h5", workers=2)
    assert set(problems) == {"folder/s1/no_face"}
    assert "no face" in problems["folder/s1/no_face"].reason.lower()
    assert summary.stored == 3


def test_a_worker_that_imports_its_script_does_not_begin_the_work_again(
    corpus, tmp_path, monkeypatch
):
    monkeypatch.setattr(multiprocessing.current_process(), "_inheriting", True, raising=False)
    with pytest.raises(WorkerLostError, match="__main__"):
        preprocess_dataset(load_dataset("folder", corpus), tmp_path / "x.h5", SETTINGS)
    assert list(tmp_path.iterdir()) == []
