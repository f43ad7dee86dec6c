"""The site is built without a warning, needs nothing from elsewhere, and leaves nothing out."""

from __future__ import annotations

import html
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

pytest.importorskip("mkdocs", reason="the extra `docs` is not installed")

DOCS = Path(__file__).parents[2] / "docs"
PUBLIC = (
    "datasets",
    "preprocessing",
    "features",
    "storage",
    "network",
    "evaluation",
    "recognizer",
    "spotting",
    "export",
    "reporting",
)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Build the site as `make docs` does, and return its folder."""
    folder = tmp_path_factory.mktemp("site")
    command = ["mkdocs", "build", "--strict", "--config-file", DOCS / "site" / "mkdocs.yml"]
    done = subprocess.run(
        [sys.executable, "-m", *command, "--site-dir", folder],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_every_page_is_built_and_in_the_navigation(site):
    home = (site / "index.html").read_text("utf-8")
    pages = [path for path in DOCS.rglob("*.md") if path.parent != DOCS / "site"]
    assert len(pages) > 30
    for page in pages:
        name = page.relative_to(DOCS).with_suffix(".html").as_posix()
        assert (site / name).is_file()
        assert f'href="{name}"' in home, name
    assert not (site / "site").exists()


def test_pages_load_nothing_from_elsewhere(site):
    for page in site.rglob("*.html"):
        text = page.read_text("utf-8")
        loaded = re.findall(r"<(?:script|img|iframe|source)[^>]*\ssrc=\"?([^\"\s>]+)", text)
        loaded += re.findall(r"<link[^>]*\shref=\"?([^\"\s>]+)", text)
        assert loaded, page
        assert not [url for url in loaded if url.startswith(("http:", "https:", "//"))], page


def test_docstrings_are_read_whole(site):
    for page in (site / "api").glob("*.html"):
        text = html.unescape(re.sub(r"<[^>]+>", "", page.read_text("utf-8")))
        assert re.findall(r":(?:func|class|meth|mod|attr|data|exc):|^\.\. \w+::", text) == [], page
    storage = (site / "api" / "storage.html").read_text("utf-8")
    assert 'id="astsvm.storage.reader.open_clips"' in storage
    assert 'href="errors.html#astsvm.errors.StorageError"' in storage
    preprocessing = (site / "api" / "preprocessing.html").read_text("utf-8")
    assert 'href="#astsvm.preprocessing.magnification.magnify_motion"' in preprocessing


def test_no_parameter_has_the_default_of_another(site):
    # alpha and lambda_c are explained together, and mkdocstrings calls both 20.
    text = (site / "api" / "preprocessing.html").read_text("utf-8")
    explained = text.split('id="astsvm.preprocessing.magnification.level_gains"')[1]
    explained = explained.split("<h3")[0]
    assert "lambda_c" in explained
    assert "default" not in explained
    assert re.sub(r"<[^>]+>", "", explained).count("20.0") == 1


@pytest.mark.parametrize("name", ["", *PUBLIC, "config", "errors"])
def test_every_public_name_has_its_place(name):
    module = import_module(f"astsvm.{name}".rstrip("."))
    told = {
        identifier.rpartition(".")[2]
        for page in (DOCS / "api").glob("*.md")
        for identifier in re.findall(r"^::: ([\w.]+)$", page.read_text("utf-8"), re.MULTILINE)
    }
    assert {n for n in module.__all__ if not n.startswith("__")} <= told
