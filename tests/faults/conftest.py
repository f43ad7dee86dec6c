"""A small corpus, what an undisturbed run makes of it, and the command in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from astsvm.storage import open_clips

PROGRAM = "from astsvm.cli import main; main()"
LONGEST_WAIT = 120


class Preprocessing:
    """`astsvm preprocess` of one corpus, as often as asked for."""

    def __init__(self, corpus: Path, undisturbed: Path) -> None:
        self.corpus = corpus
        self.undisturbed = undisturbed
        self.expected = undisturbed.read_bytes()

    def begin(
        self,
        output: Path,
        *options: object,
        before: str = "",
        stderr: int = subprocess.DEVNULL,
        **environment: str,
    ) -> subprocess.Popen[str]:
        """Start it; `before` is Python that the process runs first."""
        command = ["preprocess", self.corpus, "-o", output, "--preset", "demo", "--quiet"]
        command += [*options, *(() if "--workers" in options else ("--workers", 1))]
        return subprocess.Popen(
            [sys.executable, "-c", f"{before}\n{PROGRAM}", *map(str, command)],
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            text=True,
            env={**os.environ, **environment},
            start_new_session=True,
        )

    def run(self, output: Path, *options: object, **rest: Any) -> tuple[int, str]:
        """Run it to its end; return the exit code and what it said."""
        with self.begin(output, *options, stderr=subprocess.PIPE, **rest) as process:
            said = process.communicate(timeout=LONGEST_WAIT)[1]
        return process.returncode, said

    def require_same_bytes(self, output: Path) -> None:
        """Go on with a run, and hold the file to the undisturbed one."""
        assert self.run(output, "--resume") == (0, "")
        assert output.read_bytes() == self.expected
        assert not output.with_name(f"{output.name}.parts").exists()

    def frame(self, corpus: Path, clip: str) -> Path:
        """Return a frame that a clip of a copy of the corpus needs: the one after the onset."""
        with open_clips(self.undisturbed) as clips:
            record = clips.records[clips.index_of(clip)]
        return sorted((corpus / record.source).iterdir())[record.onset + 1]

    def of(self, corpus: Path) -> Preprocessing:
        """Return the same for a copy of the corpus."""
        return Preprocessing(corpus, self.undisturbed)

    @staticmethod
    def parts(output: Path) -> list[Path]:
        """Return the finished clips that lie beside an output."""
        return sorted(output.with_name(f"{output.name}.parts").glob("[0-9]*.h5"))

    @staticmethod
    def wait_until(condition: Callable[[], object], seconds: float = LONGEST_WAIT) -> None:
        """Wait for something that has to come."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "it never came to that"
            time.sleep(0.01)


@pytest.fixture(scope="session")
def preprocessing(tmp_path_factory: pytest.TempPathFactory) -> Preprocessing:
    """Draw six clips and preprocess them in peace, two at a time."""
    from astsvm.config import Settings
    from astsvm.datasets import load_dataset
    from astsvm.datasets.synthetic import write_corpus
    from astsvm.pipeline import preprocess_dataset

    folder = tmp_path_factory.mktemp("preprocessing")
    write_corpus(folder / "corpus", subjects=2, clips=3, difficulty="easy", seed=5, size=(320, 240))
    dataset = load_dataset("folder", folder / "corpus")
    settings = Settings.from_preset("demo").preprocessing
    preprocess_dataset(dataset, folder / "clips.h5", settings, workers=2)
    return Preprocessing(folder / "corpus", folder / "clips.h5")
