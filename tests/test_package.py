"""The package is light to import and says what it is."""

import subprocess
import sys
from importlib.metadata import version

import pytest

import astsvm

HEAVY = (
    "tensorflow",
    "keras",
    "cv2",
    "dlib",
    "sklearn",
    "pandas",
    "matplotlib",
    "h5py",
    "scipy",
    "gradio",
)


def loaded_by(statement):
    code = f"{statement}\nimport sys; print(*(n for n in {HEAVY!r} if n in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.split()


@pytest.mark.parametrize(
    "statement",
    [
        "import astsvm",
        "import astsvm.cli",
        "import astsvm.preprocessing, astsvm.features",
        "import astsvm.datasets, astsvm.datasets.synthetic",
        "import astsvm.network",
        "import astsvm.evaluation",
        "from astsvm.baselines import all_baselines\nall_baselines()",
        "import astsvm.recognizer",
        "import astsvm.app",
        "from astsvm.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass\nprint()",
    ],
)
def test_importing_loads_nothing_heavy(statement):
    assert [name for name in loaded_by(statement) if name in HEAVY] == []


@pytest.mark.parametrize(
    "command", ["preprocess", "inspect", "synth", "evaluate", "train", "baseline", "predict", "app"]
)
def test_help_loads_no_tensorflow(command):
    statement = (
        f"from astsvm.cli import main\ntry: main(['{command}', '-h'])\nexcept SystemExit: pass"
    )
    assert {"tensorflow", "keras"}.isdisjoint(loaded_by(statement))


def test_the_documented_names_are_there():
    assert astsvm.__version__ == version("astsvm")
    assert callable(astsvm.open_clips)
    assert callable(astsvm.run_loso)
    assert callable(astsvm.Recognizer.load)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = astsvm.nonsense
