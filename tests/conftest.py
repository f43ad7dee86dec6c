"""Clip files small enough to train on in a moment, for tests of several parts of the package."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from astsvm.clip import Clip
from astsvm.config import (
    FlowSettings,
    NetworkSettings,
    PreprocessingSettings,
    Settings,
    TrainingSettings,
)
from astsvm.datasets import Dataset
from astsvm.storage import PartsFolder, ProcessedClip

CLASSES = ("negative", "positive", "surprise")
CHIP = 96
RAY_NODE = {
    "num_cpus": 1,
    "node_ip_address": "127.0.0.1",
    "object_store_memory": 80 * 2**20,
}


@pytest.fixture(scope="session")
def clip_writer():
    """Write a clip file of tiny flow fields with a class in each; labels and pixels on demand.

    `subjects` lists (database, subject); each has three clips, one of every class, whose flow
    points a way of its own. `labels` and `draws` (seed of the pixels) change those of a clip by
    its key.
    """

    def write(
        folder: Path,
        name: str,
        subjects=(("smic", "s1"), ("smic", "s2"), ("samm", "s1")),
        labels: dict[str, str] | None = None,
        draws: dict[str, int] | None = None,
        synthetic: bool = False,
        streams: tuple[str, ...] = ("flow",),
        notes: tuple[str, ...] = (),
    ) -> Path:
        root = folder / f"source-{name}"
        root.mkdir()
        clips = sorted(
            (
                Clip(database, subject, f"c{number}", label, root / "video.avi", row=2)
                for database, subject in subjects
                for number, label in enumerate(CLASSES)
            ),
            key=lambda clip: (clip.database, clip.subject, clip.clip),
        )
        relabelled = [
            replace(c, label=(labels or {}).get(c.key, c.label), row=None, notes=notes)
            for c in clips
        ]
        dataset = Dataset("folder", root, tuple(relabelled), synthetic=synthetic)
        parts = PartsFolder.open(folder / f"{name}.h5", dataset, PreprocessingSettings())
        for index, clip in enumerate(clips):
            seed = (draws or {}).get(clip.key, index)
            flow = _flow(CLASSES.index(clip.label), seed)
            content = {"flow": flow, "idsf": flow[..., :1]}
            parts.store(
                index, ProcessedClip(relabelled[index], {name: content[name] for name in streams})
            )
        parts.assemble()
        return folder / f"{name}.h5"

    return write


def _flow(number: int, seed: int) -> np.ndarray:
    """Make a flow of shape (2, 16, 16, 2) that points the way of class `number`, with noise."""
    flow = np.random.default_rng([7, seed]).normal(0, 0.3, (2, 16, 16, 2))
    flow[:, 4 * number : 4 * number + 6, :, number % 2] += 1.5
    return flow.astype(np.float32)


# Frames that are cropped already: no face has to be found in a few moving dots.
SMALL = Settings(
    preset="small",
    preprocessing=PreprocessingSettings(
        size=32, alignment="none", length=5, flow=FlowSettings(window=9, levels=2)
    ),
    network=NetworkSettings(attention="fam", modules=("2d",), filters=(2, 2)),
    training=TrainingSettings(epochs=2, batch_size=4, learning_rate=0.01),
)


@pytest.fixture(scope="session")
def small_settings():
    """Give settings of a model that takes little time, from frames on."""
    return SMALL


@pytest.fixture(scope="session")
def moving_dots():
    """Make the frames of a clip, (8, 40, 48) uint8: dots that move the way of a class."""

    def make(number: int, seed: int = 0) -> np.ndarray:
        generator = np.random.default_rng([number, seed])
        places = generator.uniform(8, 32, (12, 2))
        rows, columns = np.mgrid[:40, :48]
        frames = np.full((8, 40, 48), 60.0)
        for step in range(8):
            shift = step * 0.25 * np.array([(1, 0), (0, 1), (-1, 0)][number])
            for y, x in places + shift:
                frames[step] += 90 * np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / 8)
        return np.clip(frames, 0, 255).astype(np.uint8)

    return make


@pytest.fixture(scope="session")
def frame_folders(tmp_path_factory, moving_dots):
    """Write clips of dots as folders of PNGs with a clips.csv: three subjects, three classes."""
    import cv2

    root = tmp_path_factory.mktemp("dots")
    lines = ["clip,subject,label,path,onset,offset,fps"]
    for subject in range(3):
        for number, label in enumerate(CLASSES):
            folder = root / f"s{subject}_{label}"
            folder.mkdir()
            for index, frame in enumerate(moving_dots(number, subject)):
                assert cv2.imwrite(str(folder / f"{index}.png"), frame)
            lines.append(f"{folder.name},s{subject},{label},{folder.name},1,6,100")
    (root / "clips.csv").write_text("\n".join(lines))
    return root


@pytest.fixture(scope="session")
def dots_file(frame_folders, tmp_path_factory):
    """Preprocess the clips of dots into a clip file, which is not marked as synthetic."""
    from astsvm.datasets import load_dataset
    from astsvm.pipeline import preprocess_dataset

    path = tmp_path_factory.mktemp("dots-clips") / "dots.h5"
    dataset = load_dataset("folder", frame_folders)
    summary = preprocess_dataset(dataset, path, SMALL.preprocessing)
    assert (summary.stored, summary.problems) == (9, ())
    return path


@pytest.fixture(scope="session")
def make_bundle():
    """Make a bundle whose network is not trained; manifest and settings may be changed."""

    def make(settings: Settings = SMALL, **changes):
        from astsvm.network.start import start_tensorflow

        start_tensorflow()
        from astsvm.classifier import SvmHead
        from astsvm.network import build_network, feature_extractor
        from astsvm.network.network_file import pack_network
        from astsvm.recognizer.bundle import Bundle
        from astsvm.recognizer.manifest import Manifest, TrainingData, TrainingRecord
        from astsvm.recognizer.model_card import model_card

        shapes = {"flow": (4, 32, 32, 2), "idsf": (4, 32, 32, 1)}
        shapes = {name: shapes[name] for name in settings.network.streams}
        network = build_network(shapes, 3, settings=settings.network)
        generator = np.random.default_rng(5)
        weights = [generator.normal(0, 0.3, w.shape).astype(w.dtype) for w in network.get_weights()]
        network.set_weights([abs(w) if w.ndim == 1 else w for w in weights])
        clips = {
            name: generator.normal(0, 1, (12, *shape)).astype(np.float16)
            for name, shape in shapes.items()
        }
        features = feature_extractor(network).predict_on_batch(clips)
        head = SvmHead(3).fit(features, np.arange(12) % 3, settings.training)
        data = TrainingData(
            digest="ab" * 32,
            datasets=("folder",),
            clips=12,
            subjects=4,
            clips_by_class=dict.fromkeys(CLASSES, 4),
            left_out=0,
            streams=shapes,
        )
        manifest = Manifest(
            generated_by="astsvm 0.1.0",
            versions={"python": "3"},
            class_names=CLASSES,
            protocol="as-labelled",
            synthetic=True,
            data=data,
            training=TrainingRecord(seed=1, epochs=2, final_loss=0.5, chosen={}),
            members={},
        ).replace(**changes)
        card = model_card(manifest, settings)
        return Bundle.sealed(manifest, settings, pack_network(network), head.to_bytes(), card)

    return make


@pytest.fixture(scope="session")
def bundle(make_bundle):
    """Give a bundle whose network is not trained, marked as synthetic, not calibrated."""
    return make_bundle()


@pytest.fixture(scope="session")
def moved_texture():
    """Draw frames (n, 96, 96) of an analytic texture in [0, 1], moved by (n, 96, 96, 2) pixels.

    `shift` (n, 2) moves all of it; `courses` maps landmarks to displacements (n, 2), each of a
    Gaussian of 8 pixels about its place on the mean face.
    """
    from astsvm.preprocessing.canonical_face import canonical_landmarks
    from astsvm.preprocessing.warping import CHIP_SIDE, EYE_LINE

    rows, columns = np.mgrid[:CHIP, :CHIP].astype(float)
    generator = np.random.default_rng(7)
    waves = generator.normal(0, 0.45, (14, 2))
    phases = generator.uniform(0, 2 * np.pi, 14)
    places = canonical_landmarks() * CHIP / CHIP_SIDE + (CHIP / 2 - 0.5, EYE_LINE * CHIP - 0.5)

    def draw(count, shift=None, courses=None):
        frames = np.empty((count, CHIP, CHIP), np.float32)
        for index in range(count):
            moved = np.zeros((CHIP, CHIP, 2))
            if shift is not None:
                moved += shift[index]
            for landmark, course in (courses or {}).items():
                x, y = places[landmark]
                near = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * 8.0**2))
                moved += near[..., None] * course[index]
            x, y = columns - moved[..., 0], rows - moved[..., 1]
            value = sum(
                np.sin(wave[0] * x + wave[1] * y + phase)
                for wave, phase in zip(waves, phases, strict=True)
            )
            frames[index] = 0.5 + value / 30
        return frames

    return draw


@pytest.fixture(scope="session")
def bump():
    """Give a course (n, 2): up from `onset` to `apex` and back by `offset`, `size` pixels high."""

    def make(count, onset, apex, offset, size, direction=(0.0, -1.0)):
        frame = np.arange(count)
        share = np.interp(frame, [onset, apex, offset], [0, 1, 0])
        smooth = share * share * (3 - 2 * share)
        return size * smooth[:, None] * np.array(direction)

    return make


@dataclass(frozen=True)
class LongTake:
    """A long video of a texture: frames (n, 96, 96) uint8, and (onset, apex, offset) planted."""

    frames: np.ndarray
    fps: float
    events: tuple[tuple[int, int, int], ...]


@pytest.fixture(scope="session")
def long_take(moved_texture, bump):
    """Give four seconds in which the mouth moves up, and later the brows."""
    events = ((30, 35, 40), (70, 75, 80))
    mouth, brows = (bump(100, *event, 1.5) for event in events)
    frames = moved_texture(100, courses={48: mouth, 54: mouth, 19: brows, 24: brows})
    # A movement is taken for one from a fifth of its peak on.
    told = tuple((onset + 1, apex, offset - 1) for onset, apex, offset in events)
    return LongTake(np.rint(frames * 255).astype(np.uint8), 25.0, told)


@pytest.fixture(scope="session")
def long_folder(long_take, tmp_path_factory):
    """Write the long take as a folder of frames."""
    import cv2

    folder = tmp_path_factory.mktemp("long") / "take $x^2$ <b>&"
    folder.mkdir()
    for index, frame in enumerate(long_take.frames):
        assert cv2.imwrite(str(folder / f"{index:03}.png"), frame)
    return folder


@pytest.fixture(scope="module")
def ray_cluster():
    """Start a Ray cluster of two nodes on this machine, bound to the loopback address.

    Each has one processor, the second a GPU that is not there. A test may add a node.
    """
    from ray.cluster_utils import Cluster

    # Short, because sockets lie in it; its own, so that no other cluster of this machine is found.
    folder = Path(tempfile.mkdtemp(prefix="ray", dir="/tmp"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_TMPDIR", str(folder))
        patch.setenv("HOME", str(folder))  # Ray puts a token there
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.delenv("RAY_ADDRESS", raising=False)
        cluster = Cluster()
        try:
            cluster.add_node(include_dashboard=False, **RAY_NODE)
            cluster.add_node(num_gpus=1, **RAY_NODE)
            yield cluster
        finally:
            cluster.shutdown()
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def lose_a_node(ray_cluster):
    """Give a function that adds a node, and takes it away by force while it is at a task.

    It may be given a function that tells on which nodes, by their ids, tasks have got far enough.
    """
    threads: list[threading.Thread] = []
    lost: list[str] = []

    def watch(node, far_enough):
        (raylet,) = node.all_processes["raylet"]
        deadline = time.monotonic() + 120

        def ready():
            return is_at_work(raylet.process.pid) and node.node_id in far_enough(node.node_id)

        while not ready() and time.monotonic() < deadline:
            time.sleep(0.02)
        if ready():
            ray_cluster.remove_node(node, allow_graceful=False)
            lost.append(node.node_id)

    def lose(far_enough=lambda node: [node]):
        node = ray_cluster.add_node(**RAY_NODE)
        threads.append(threading.Thread(target=watch, args=[node, far_enough]))
        threads[-1].start()

    yield lose
    for thread in threads:
        thread.join()
    assert len(lost) == len(threads), "the node was never at a task, or was free when it was lost"


def is_at_work(raylet: int) -> bool:
    """Tell whether a process of a node runs a task: Ray writes that into the process's title."""
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(status.read_text().rpartition(")")[2].split()[1])
            title = (status.parent / "cmdline").read_bytes()
        except OSError:
            continue  # it has just ended
        if parent == raylet and title.startswith(b"ray::answer_task"):
            return True
    return False
