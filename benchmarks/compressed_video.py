"""What compression does to the answers: the same SYNTHETIC faces as frames and as video files.

Two parts. Long videos that ``astsvm synth --layout long`` drew (JPEG frames of quality 95) are
searched as frames, and again after each codec, and what is found is counted against the truth as in
``benchmarks/spotting.py``. Clips that ``astsvm synth`` drew (PNG frames) are put to the shipped
model as frames and after each codec, and classes and softmax are compared. Quality is what OpenCV
chooses where a codec is not told (mp4v: about 1 Mbit/s; MJPG: the default). Nothing here says
anything about real faces, or about the encoders of cameras and telephones.

Run::

    astsvm synth longs --layout long --subjects 4 --clips 4 --difficulty easy --size 320x240 \
        --seed 3
    astsvm synth clips --subjects 4 --clips 6 --difficulty easy --size 320x240 --seed 3
    python benchmarks/compressed_video.py longs clips

Seen on two shared cores (AMD EPYC), OpenCV 5.0.0, 4 long videos of 21 s and 24 clips:

======  =======================  ===================  ============================  ==============
form    expressions found        false candidates     clips with another class      softmax moves
======  =======================  ===================  ============================  ==============
frames  16 of 16                 0
FFV1    16 of 16                 0                    0 of 24                       .000 at most
MJPG    16 of 16                 1 (0, 0, 1, 0)       0 of 24                       .272 at most
mp4v    16 of 16                 16 (3, 2, 6, 5)      3 of 24                       .295 at most
======  =======================  ===================  ============================  ==============
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from provenance import describe_run

from astsvm import Recognizer
from astsvm.preprocessing import iter_frames
from astsvm.recognizer.recognition import Recognition
from astsvm.recognizer.shipped import default_model
from astsvm.spotting import spot
from astsvm.spotting.agreement import count_agreement

CODECS = {"FFV1": ".avi", "MJPG": ".avi", "mp4v": ".mp4"}
FPS = 100.0


def written(folder: Path, codec: str, room: Path) -> Path:
    """Return a folder of frames as a video file."""
    path, writer = room / f"{codec}{CODECS[codec]}", None
    for frame in iter_frames(folder, most=None):
        if writer is None:
            size = frame.shape[1], frame.shape[0]
            writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), FPS, size)
        writer.write(cv2.cvtColor(frame, cv2.COLOR_GRAY2BGR))
    assert writer is not None
    writer.release()
    return path


def each_form(folder: Path, ask: Callable[[Path], object]) -> dict[str, object]:
    """Ask about frames and about each video file of them."""
    told = {"frames": ask(folder)}
    with tempfile.TemporaryDirectory() as room:
        for codec in CODECS:
            told[codec] = ask(written(folder, codec, Path(room)))
    return told


def search(folder: Path, true: list[tuple[int, int]]) -> None:
    """Print what a search of one long video finds in each form."""

    def found(source: Path) -> str:
        candidates = spot(iter_frames(source, most=None), FPS).candidates
        strongest = sorted(candidates, key=lambda candidate: -candidate.strength)
        counts = count_agreement([(one.onset, one.offset) for one in strongest], true)
        size = f", {source.stat().st_size / 1e6:.1f} MB" if source.is_file() else ""
        return f"{counts.right:.0f} of {counts.true:.0f}, {counts.found:.0f} candidates{size}"

    print(folder.name, each_form(folder, found), flush=True)


def compare(folders: list[Path]) -> None:
    """Print how classes and softmax of clips differ between frames and video files."""
    recognizer = Recognizer.load(default_model())
    other, moved = dict.fromkeys(CODECS, 0), {codec: [0.0] for codec in CODECS}

    def said(source: Path) -> Recognition:
        return recognizer.predict_source(source, fps=FPS)

    for folder in folders:
        told = each_form(folder, said)
        for codec in CODECS:
            other[codec] += told[codec].label != told["frames"].label
            moved[codec].append(float(np.abs(told[codec].softmax - told["frames"].softmax).max()))
    for codec in CODECS:
        print(
            f"{codec}: {other[codec]} of {len(folders)} clips get another class; softmax moves by "
            f"up to {max(moved[codec]):.3f}, half of the clips by {np.median(moved[codec][1:]):.3f}"
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("longs", type=Path)
    parser.add_argument("clips", type=Path)
    arguments = parser.parse_args()
    for key, value in describe_run().items():
        print(f"{key}: {value}")
    planted = json.loads((arguments.longs / "SYNTHETIC.json").read_text("utf-8"))["planted"]
    for name, video in planted.items():
        micro = [event for event in video["events"] if event["kind"] == "micro"]
        search(arguments.longs / name, [(event["onset"], event["offset"]) for event in micro])
    compare(sorted((arguments.clips / "frames").glob("*/*")))


if __name__ == "__main__":
    main()
