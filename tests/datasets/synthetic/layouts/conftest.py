"""Corpora in the layouts of real databases, with empty files in place of frames."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from astsvm.datasets.synthetic import corpus, write_corpus

EIGHT_BY_THREE = {"subjects": 3, "clips": 8, "size": (320, 240)}


@pytest.fixture
def unpainted(tmp_path, monkeypatch):
    """Write a corpus without painting it; returns its root and its mark."""

    def write_empty_files(target: Path, plan, entries):
        for entry in entries:
            for files in entry.folders:
                (target / files.folder).mkdir(parents=True)
                for name in files.names.values():
                    (target / files.folder / name).touch()
            yield 1

    def write(layout: str, folder: str = "", **arguments):
        root = tmp_path / (folder or layout)
        write_corpus(root, **{**EIGHT_BY_THREE, **arguments}, layout=layout)
        return root, json.loads((root / "SYNTHETIC.json").read_text("utf-8"))

    monkeypatch.setattr(corpus, "write_subject", write_empty_files)
    return write
