"""Train the model that comes with astsvm, and write weights/ with its manifest.

A synthetic corpus is drawn and preprocessed; the method is judged leave-one-subject-out; a final
model is trained on all clips, with probabilities calibrated on the held-out scores. The settings
are those of the preset `demo` with half of its filters: the SVM keeps nearly all clips as support
vectors, so the file grows with clips times features, and 3 MB is what it may have.

The same command on the same kind of processor writes the same bytes.

Run: ``python benchmarks/shipped_weights.py WORK_FOLDER`` (about 10 minutes on two cores; what is
in the folder already is used again)
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path

from provenance import describe_run

import astsvm
from astsvm.config import Settings
from astsvm.datasets import load_dataset
from astsvm.datasets.synthetic import write_corpus
from astsvm.pipeline import preprocess_dataset
from astsvm.recognizer.shipped import WEIGHTS_MANIFEST, ShippedModel, WeightsManifest
from astsvm.storage.atomic import write_text_atomically

WEIGHTS = Path(__file__).parents[1] / "weights"
NAME = "synthetic.astsvm"
SUBJECTS, CLIPS, DIFFICULTY, SEED, FRAME_SIZE = 18, 6, "medium", 1, (320, 240)
LARGEST = 3_000_000


def recipe() -> Settings:
    """Return the settings of the shipped model."""
    demo = Settings.from_preset("demo")
    return demo.replace(preset="shipped", network=demo.network.replace(filters=(2, 4)))


def make_clips(folder: Path, workers: int) -> Path:
    """Draw and preprocess the corpus, unless that is done."""
    corpus, clips = folder / "corpus", folder / "clips.h5"
    if not (corpus / "clips.csv").exists():
        write_corpus(
            corpus,
            subjects=SUBJECTS,
            clips=CLIPS,
            difficulty=DIFFICULTY,
            seed=SEED,
            size=FRAME_SIZE,
            workers=workers,
        )
    if not clips.exists():
        preprocess_dataset(
            load_dataset("folder", corpus),
            clips,
            recipe().preprocessing,
            workers=workers,
            resume=True,
        )
    return clips


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="for the corpus, the clips and the run")
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    clips = make_clips(arguments.folder, arguments.workers)
    run = arguments.folder / "run"
    metrics = astsvm.run_loso(clips, recipe(), run, workers=arguments.workers, resume=True)
    print("UF1 of the SVM, leave one subject out:", metrics["svm"]["full"]["uf1"])
    recognizer = astsvm.Recognizer.train(clips, recipe(), calibrate=run)
    recognizer.save(WEIGHTS / NAME)
    content = (WEIGHTS / NAME).read_bytes()
    if len(content) > LARGEST:
        sys.exit(f"{NAME} has {len(content)} bytes, more than {LARGEST}")
    shipped = ShippedModel(
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        licence="MIT, as astsvm; finding faces with dlib's 68-point landmark file (iBUG 300-W) "
        "excludes commercial use",
        source=f"SYNTHETIC: {SUBJECTS} drawn subjects with {CLIPS} clips each, difficulty "
        f"{DIFFICULTY}, seed {SEED}",
        synthetic=True,
        metrics=recognizer.bundle.manifest.run,
        command=f"python benchmarks/{Path(__file__).name} WORK_FOLDER",
        commit=describe_run()["commit"],
    )
    manifest = WeightsManifest(default=NAME, files={NAME: shipped})
    text = json.dumps(manifest.model_dump(mode="json"), indent=1, sort_keys=True) + "\n"
    write_text_atomically(WEIGHTS / WEIGHTS_MANIFEST, text)
    print(text)


if __name__ == "__main__":
    main()
