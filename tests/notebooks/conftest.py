"""The notebooks of the repository, and how a test executes one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat", reason="the extra `test` is not installed")
nbclient = pytest.importorskip("nbclient", reason="the extra `test` is not installed")

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
SECONDS_A_CELL = 900
"""Far more than any cell needs, so that a busy machine fails no test."""


@dataclass(frozen=True)
class Executed:
    """What a notebook showed: text, the PNG pictures, what it wrote to stderr, what it left."""

    text: str
    pictures: tuple[str, ...]
    stderr: str
    written_beside: list[str]
    left_behind: list[str]

    def number(self, pattern: str) -> float:
        """Return the only number that a pattern with one group finds in the text."""
        (found,) = re.findall(pattern, self.text)
        return float(found)


@pytest.fixture
def read_notebook():
    """Read a notebook of the repository by its name."""
    return lambda name: nbformat.read(NOTEBOOKS / name, as_version=4)


@pytest.fixture
def execute_notebook(read_notebook, tmp_path, monkeypatch):
    """Execute a notebook in an empty folder, with an empty folder for temporary files."""
    beside, temporary = tmp_path / "beside", tmp_path / "temporary"
    for folder in (beside, temporary):
        folder.mkdir()
    # Nobody's settings, kernels or history play a part, and none are written.
    for variable in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
        monkeypatch.setenv(variable, str(tmp_path / "jupyter"))
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.delenv("MPLBACKEND", raising=False)

    def execute(name: str) -> Executed:
        notebook = read_notebook(name)
        client = nbclient.NotebookClient(
            notebook,
            timeout=SECONDS_A_CELL,
            kernel_name="python3",
            resources={"metadata": {"path": str(beside)}},
        )
        client.execute()
        outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
        shown = [output.data for output in outputs if "data" in output]
        streams = {
            name: "".join(o.text for o in outputs if o.output_type == "stream" and o.name == name)
            for name in ("stdout", "stderr")
        }
        return Executed(
            text=streams["stdout"] + "\n".join(data.get("text/plain", "") for data in shown),
            pictures=tuple(data["image/png"] for data in shown if "image/png" in data),
            stderr=streams["stderr"],
            written_beside=[path.name for path in beside.iterdir()],
            left_behind=[path.name for path in temporary.glob("astsvm-*")],
        )

    return execute
