"""The figures of a run as text for people, and what is missing from them."""

from __future__ import annotations

import json
from typing import Any

import click

__all__ = ["print_result"]

EXIT_SKIPPED = 3

_HEADS = {"svm": "SVM", "softmax": "softmax"}
_FLOORS = {"majority": "floor: most frequent class", "permuted": "floor: permuted labels"}
_WIDTH = 30
"""Of a column: "0.718 +-0.012 [0.650, 0.780]" takes 28."""
_FIGURES = {"uf1": "UF1", "uar": "UAR", "accuracy": "accuracy"}


def print_result(ctx: click.Context, metrics: dict[str, Any], *, as_json: bool) -> None:
    """Print figures on stdout and missing folds on stderr; leave with 3 if any is missing."""
    if as_json:
        click.echo(json.dumps(metrics, indent=1, sort_keys=True, ensure_ascii=False))
    else:
        click.echo("\n".join(_lines(metrics)))
    for fold in metrics["missing"]:
        click.echo(
            f"missing: fold of {fold['subject']} (seed {fold['seed']}, "
            f"{fold['clips']} clip{'' if fold['clips'] == 1 else 's'}): "
            f"{fold['reason']}",
            err=True,
        )
    if metrics["missing"]:
        ctx.exit(EXIT_SKIPPED)


def _lines(metrics: dict[str, Any]) -> list[str]:
    from astsvm.evaluation.statistics import FEW_SUBJECTS

    seeds = len(metrics["seeds"])
    lines = [
        f"{metrics['n_clips']} clips of {metrics['n_subjects']} subjects, "
        f"{len(metrics['class_names'])} classes, protocol {metrics['protocol']}, "
        + ("1 seed" if seeds == 1 else f"means over {seeds} seeds (sd over seeds after +-)")
    ]
    if "method" in metrics:
        lines.insert(0, metrics["method"])
    lines.append(_evaluation_line(metrics))
    if metrics["synthetic"]:
        lines.insert(0, "SYNTHETIC clips: these figures say nothing about real faces.")
    lines = [*(metrics.get("marks") or ()), *lines]
    if not metrics["complete"]:
        lines.append("INCOMPLETE: clips of missing folds are not scored.")
    databases = [part for part in metrics["svm"] if part != "full"]
    for part in ["full", *databases]:
        lines += ["", _heading(part, metrics["svm"][part])]
        lines += [_head_line(name, metrics[head][part]) for head, name in _HEADS.items()]
        lines += [_floor_line(name, metrics["floors"][part][f]) for f, name in _FLOORS.items()]
        lines += _leak_lines(metrics.get("leak_meter"), part)
    lines += ["", "In brackets: 95 % intervals of a bootstrap over subjects."]
    few = [
        f"{part} has {metrics['svm'][part]['n_subjects']}"
        for part in databases or ["full"]
        if 1 < metrics["svm"][part]["n_subjects"] < FEW_SUBJECTS
    ]
    if few:
        told = ", ".join(few).replace("full has", "here are")
        lines.append(
            f"Below {FEW_SUBJECTS} subjects they are too narrow ({told}): so few people do not "
            "show how much people differ."
        )
    return lines


def _evaluation_line(metrics: dict[str, Any]) -> str:
    if metrics["evaluation"] == "SDE":
        return "SDE: single-database evaluation, trained and judged on one database alone"
    return "CDE: composite evaluation, trained on all databases; each one's part stands below"


def _leak_lines(leaked: dict[str, Any] | None, part: str) -> list[str]:
    if leaked is None:
        return []
    return [_floor_line(f"LEAK METER, {name}", leaked[head][part]) for head, name in _HEADS.items()]


def _heading(part: str, figures: dict[str, Any]) -> str:
    name = "all clips" if part == "full" else f"{part}, {figures['n_clips']} clips"
    if len(name) >= _WIDTH:
        name = f"{name[: _WIDTH - 2]}…"
    return f"{name:{_WIDTH}}" + "".join(f"{label:{_WIDTH}}" for label in _FIGURES.values()).rstrip()


def _head_line(name: str, figures: dict[str, Any]) -> str:
    cells = []
    for key in _FIGURES:
        interval, deviation = figures[f"{key}_ci95"], figures[f"{key}_sd_seeds"]
        cell = f"{figures[key]:.3f}"
        if deviation is not None:
            cell += f" +-{deviation:.3f}"
        if interval is not None:
            cell += f" [{interval[0]:.3f}, {interval[1]:.3f}]"
        cells.append(f"{cell:{_WIDTH}}")
    return f"  {name:28}" + "".join(cells).rstrip()


def _floor_line(name: str, figures: dict[str, float]) -> str:
    return f"  {name:28}" + "".join(f"{figures[key]:<{_WIDTH}.3f}" for key in _FIGURES).rstrip()
