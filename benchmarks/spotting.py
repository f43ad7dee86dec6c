"""How reliable spotting is, on SYNTHETIC long videos: precision, recall and F1 with intervals.

Each video is of another subject and holds four micro-expressions, four blinks, two longer
expressions and two turns of the head, on the average 20 s. A found interval is right if it shares
half or more of its union with a true one (:mod:`astsvm.spotting.agreement`). The 95 % intervals are
from a bootstrap over subjects; with few of them they are too narrow. The floor is what intervals of
the same number and lengths reach when they are dealt out at random.

Frames are given as they are drawn, without compression, which adds false alarms
(``benchmarks/compressed_video.py``). The defaults of
:class:`astsvm.spotting.SpottingSettings` were chosen on seed 900; other seeds judge them. Nothing
here says anything about real faces.

Run: ``python benchmarks/spotting.py --subjects 5 --seed 1``

Seen on two shared cores (AMD EPYC), 480 x 360 pixels, 50 frames per second, commit 34aa992. F1 at
random in the last column:

=================  =====  =====  ====  =================  =================  ================  ====
seed, difficulty   right  found  true  precision          recall             F1
=================  =====  =====  ====  =================  =================  ================  ====
1, hard, 5 videos      9     35    20  .26 [.22, .29]     .45 [.30, .60]     .33 [.26, .39]    .05
=================  =====  =====  ====  =================  =================  ================  ====

On seed 900, four videos each, by which the settings were chosen (``--subjects 4 --seed 900``): easy
16 of 16 with no false alarm, medium 16 of 16 with none, hard 7 of 16 with 25. Easy and medium have
not been judged on another seed, nor anything at another size or frame rate. All counts were the
same when onsets and offsets began to be followed to the ends of a video; of the hard videos' 67
candidates 18 are told to be cut, of the others none.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence

import numpy as np
from provenance import describe_run

from astsvm.datasets.synthetic import LongVideo, draw_subject
from astsvm.spotting import spot
from astsvm.spotting.agreement import Interval, SpottingCounts, count_agreement

LABELS = ("negative", "positive", "surprise", "negative")
DIFFICULTIES = ("easy", "medium", "hard")
SIZE, FPS = (480, 360), 50.0
RESAMPLES, DEALS = 2000, 500


def judge_video(
    subject: int, difficulty: str, seed: int
) -> tuple[SpottingCounts, SpottingCounts, int]:
    """Spot one video; return what agrees, what random intervals reach, and blinks told apart."""
    video = LongVideo(
        draw_subject(subject, seed=seed, size=SIZE), 1, LABELS, difficulty=difficulty, fps=FPS
    )
    result = spot((video.frame(index) for index in range(len(video))), FPS)
    true = [(event.onset, event.offset) for event in video.expressions]
    strongest = sorted(result.candidates, key=lambda candidate: -candidate.strength)
    found = [(candidate.onset, candidate.offset) for candidate in strongest]
    floor = deal_at_random(found, true, len(video), seed)
    return count_agreement(found, true), floor, len(result.blinks)


def deal_at_random(
    found: Sequence[Interval], true: Sequence[Interval], length: int, seed: int
) -> SpottingCounts:
    """Count the agreement of intervals of the same lengths at random places: the mean of many."""
    generator = np.random.default_rng([seed, length])
    right = 0.0
    for _ in range(DEALS):
        starts = [int(generator.integers(0, length - (last - first))) for first, last in found]
        dealt = [
            (start, start + last - first)
            for start, (first, last) in zip(starts, found, strict=True)
        ]
        right += count_agreement(dealt, true).right
    return SpottingCounts(right / DEALS, len(found), len(true))


def total(counts: Sequence[SpottingCounts]) -> SpottingCounts:
    return SpottingCounts(*(float(column) for column in np.sum(counts, axis=0)))


def interval(counts: Sequence[SpottingCounts], figure: str) -> tuple[float, float]:
    """Return the 95 % percentile interval of a figure from a bootstrap over subjects."""
    generator = np.random.default_rng(0)
    drawn = generator.integers(0, len(counts), (RESAMPLES, len(counts)))
    values = [getattr(total([counts[i] for i in row]), figure) for row in drawn]
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--subjects", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--difficulty", choices=DIFFICULTIES, action="append")
    arguments = parser.parse_args()
    for key, value in describe_run().items():
        print(f"{key}: {value}")
    print(f"{arguments.subjects} SYNTHETIC subjects, seed {arguments.seed}, {SIZE}, {FPS:g} fps")
    for difficulty in arguments.difficulty or DIFFICULTIES:
        began = time.perf_counter()
        judged = [
            judge_video(subject, difficulty, arguments.seed)
            for subject in range(1, arguments.subjects + 1)
        ]
        counts, floors, blinks = zip(*judged, strict=True)
        pooled, floor = total(counts), total(floors)
        print(
            f"{difficulty:7} right {pooled.right:.0f}, found {pooled.found:.0f}, "
            f"true {pooled.true:.0f}, blinks told apart {sum(blinks)}"
        )
        for figure in ("precision", "recall", "f1"):
            low, high = interval(counts, figure)
            print(
                f"  {figure:9} {getattr(pooled, figure):.2f} [{low:.2f}, {high:.2f}]   "
                f"at random {getattr(floor, figure):.2f}"
            )
        print(f"  {time.perf_counter() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
