"""What the README shows is what there is."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


@pytest.mark.slow
def test_the_python_script_runs_as_a_file(tmp_path, clip_writer):
    clip_writer(tmp_path, "clips", synthetic=True, streams=("flow", "idsf"))
    (script,) = blocks("python")
    assert "seeds=5" in script
    (tmp_path / "script.py").write_text(
        script.replace("seeds=5", "seeds=1").replace("workers=2", "workers=1")
    )
    done = subprocess.run(
        [sys.executable, "script.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert done.stdout.split()[0] == str(metrics["svm"]["full"]["uf1"])


def test_every_command_line_is_understood():
    from astsvm.cli import group

    lines = [
        line.partition("#")[0].split()
        for block in blocks("sh")
        for line in block.splitlines()
        if line.startswith("astsvm ")
    ]
    assert len(lines) >= 6
    for _, command, *arguments in lines:
        known = group.get_command(None, command)
        options = {name for parameter in known.params for name in parameter.opts}
        used = {argument for argument in arguments if argument.startswith("-")}
        assert used <= options, (command, used - options)


def test_presets_are_described_as_they_are():
    from astsvm.config import PRESETS

    section = README.split("## Presets")[1].split("\n## ")[0]
    rows = dict(re.findall(r"^\| `(\w+)`[^|]*\| (.*) \|$", section, flags=re.MULTILINE))
    assert rows.keys() == PRESETS.keys()
    for name, settings in PRESETS.items():
        images, maps, _, epochs, weights, _ = (cell.strip() for cell in rows[name].split("|"))
        size, length = settings.preprocessing.size, settings.preprocessing.length
        network = settings.network
        assert images == f"{length} points, {size} x {size}"
        attention = min(size, network.attention_resolution or size)
        assert maps.removesuffix(" (ours)") == f"{attention}, {network.resolution}"
        assert (int(epochs), weights) == (settings.training.epochs, settings.training.class_weight)


def test_every_dataset_and_protocol_is_named():
    from astsvm.datasets import PROTOCOLS, dataset_names

    for name in (*PROTOCOLS, *dataset_names()):
        assert f"`{name}`" in README or f"--dataset {name}" in README or name == "folder", name
