"""The notebooks as they lie in the repository: stripped, portable, and of public names only."""

from __future__ import annotations

import ast
import re
from importlib import import_module
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat", reason="the extra `test` is not installed")

ROOT = Path(__file__).parents[2]
NAMES = sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))
MACHINE_PATH = re.compile(
    r"(?<![\w.~/])/(?:home|root|tmp|work|usr|opt|var|mnt|data|dev|Users)/|[A-Za-z]:\\\\|~/|file://"
)

each_notebook = pytest.mark.parametrize("name", NAMES)


def is_public(module: str, name: str) -> bool:
    """Tell whether a package exports a name, or a page of the Python interface explains it."""
    found = import_module(module)
    exported = hasattr(found, "__path__") and name in found.__all__
    # A module of its own stands behind what a page explains, or it is explained where it is.
    defined = getattr(getattr(found, name), "__module__", module)
    pages = (ROOT / "docs" / "api").glob("*.md")
    told = {line for page in pages for line in page.read_text("utf-8").splitlines()}
    return exported or bool({f"::: {module}.{name}", f"::: {defined}.{name}"} & told)


def code_of(notebook) -> list[str]:
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def prose_of(notebook) -> list[str]:
    return [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]


def test_the_four_notebooks_are_there():
    assert [name[:3] for name in NAMES] == ["01_", "02_", "03_", "04_"]
    readme = (ROOT / "notebooks" / "README.md").read_text("utf-8")
    for name in NAMES:
        assert f"({name})" in readme


@each_notebook
def test_no_output_is_stored(name, read_notebook):
    notebook = read_notebook(name)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        assert not cell.metadata, cell.source
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None
        assert "attachments" not in cell


@each_notebook
def test_no_place_of_a_machine_is_stored(name):
    text = (ROOT / "notebooks" / name).read_text("utf-8")
    assert MACHINE_PATH.findall(text) == []
    assert str(Path.home()) not in text
    assert str(ROOT) not in text


def test_places_of_a_machine_are_recognised():
    for path in (
        "'/home/anna/x'",
        "/tmp/x",
        "C:\\\\Users\\\\anna",
        "~/x",
        "file:///x",
        "(/work/x)",
    ):
        assert MACHINE_PATH.search(path), path
    for text in ("https://doi.org/10/tmp/x", "n/a", "folder / name", "a/data/b", "px/frame"):
        assert not MACHINE_PATH.search(text), text


@each_notebook
def test_it_reads_as_prose(name, read_notebook):
    notebook = read_notebook(name)
    first, second = notebook.cells[:2]
    assert first.source.startswith("# ")
    assert "**SYNTHETIC**" in first.source
    assert second.cell_type == "code"
    assert "import" in second.source
    assert sum(map(len, prose_of(notebook))) > 2500
    runs = "".join(cell.cell_type[0] for cell in notebook.cells)
    assert "ccc" not in runs, "three cells of code without a word between them"


@each_notebook
def test_every_picture_is_marked(name, read_notebook):
    drawing = [code for code in code_of(read_notebook(name)) if "plt.show()" in code]
    assert len(drawing) >= 3
    for code in drawing:
        assert re.search(r"(?:suptitle\(|title=)\s*f?\"SYNTHETIC", code), code


@each_notebook
def test_no_figure_is_typed_into_the_prose(name, read_notebook):
    for text in prose_of(read_notebook(name)):
        words = re.sub(r"`[^`]*`|\]\([^)]*\)", "", text)
        assert re.findall(r"\d\.\d+|\d+ ?%|±|\+-", words) == [], text


@each_notebook
def test_it_uses_public_names_only(name, read_notebook):
    used = []
    for code in code_of(read_notebook(name)):
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("astsvm"):
                used += [(node.module, alias.name) for alias in node.names]
            elif isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
                assert not [n for n in names if n.startswith("astsvm.")], names
            elif isinstance(node, ast.Attribute):
                assert not node.attr.startswith("_"), node.attr
    assert used
    for module, imported in used:
        assert is_public(module, imported), f"{module}.{imported}"


def test_internal_names_are_recognised():
    assert is_public("astsvm.evaluation", "score")
    assert is_public("astsvm.evaluation.comparison", "compare_tables")
    assert not is_public("astsvm.evaluation.comparison", "rates")
    assert not is_public("astsvm.reporting.flow_legend", "flow_colours")


@each_notebook
def test_links_between_notebooks_lead_somewhere(name, read_notebook):
    links = re.findall(r"\]\(([^)#]+)\)", "\n".join(prose_of(read_notebook(name))))
    local = [link for link in links if not link.startswith("https://")]
    assert local or name == NAMES[-1]
    for link in local:
        assert (ROOT / "notebooks" / link).is_file(), link
