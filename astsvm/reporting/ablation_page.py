"""The page of an ablation: ours with intervals, the paper's figures beside, what can be told apart.

HTML with everything in it, and Markdown, both from ``ablation.json``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from astsvm.errors import StorageError
from astsvm.evaluation.ablation import RESULTS
from astsvm.evaluation.statistics import FEW_SUBJECTS
from astsvm.evaluation.summary import FULL
from astsvm.reporting.report import FLOOR_NAMES, flattened, page_environment
from astsvm.reporting.run_names import figure_text
from astsvm.storage.atomic import write_text_atomically

__all__ = ["ablation_markdown", "write_ablation_page"]

PAGE, TEXT = "ablation.html", "ablation.md"
_HEADS = {"svm": "SVM", "softmax": "softmax"}
_FIGURES = {"uf1": "UF1", "uar": "UAR"}
_UNKNOWN = "not known"
_COLUMNS = ("row", "UF1", "UAR", "paper: UF1 / UAR", "UF1 minus reference", "UAR minus reference")


class Line(NamedTuple):
    """A line of a table: what it is of, and its cells as text."""

    label: str
    cells: tuple[str, ...]
    kind: str = "row"


def write_ablation_page(folder: str | Path) -> Path:
    """Write ``ablation.html`` and ``ablation.md`` beside ``ablation.json``.

    Parameters
    ----------
    folder : path
        What :func:`astsvm.evaluation.ablation.run_ablation` has written.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    StorageError
        If the results are missing or damaged, or the page cannot be written.
    """
    from jinja2 import UndefinedError

    folder = Path(folder)
    results = _read(folder / RESULTS)
    try:
        text = ablation_markdown(results)
        page = _render(results)
    except (UndefinedError, KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise StorageError(
            f"{folder / RESULTS} is damaged: {error}. Compute it again with --resume."
        ) from error
    write_text_atomically(folder / TEXT, text + "\n")
    write_text_atomically(folder / PAGE, page)
    return folder / PAGE


def ablation_markdown(results: dict[str, Any]) -> str:
    """Return the tables as Markdown.

    Parameters
    ----------
    results : dict
        What ``ablation.json`` holds.
    """
    parts = [f"# Ablation of AST+SVMNet\n\n{_subject(results)}"]
    parts += [f"**{notice}**" for notice in _notices(results)]
    for table in results["tables"]:
        parts.append(f"## {_title(table)}")
        if table["unreadable"]:
            parts.append(table["unreadable"])
        parts.append(_markdown_table(_COLUMNS, list(_lines(table, results))))
        parts += [f"Not possible: {text}." for text in _impossible(table)]
        if told := _heads_told(table):
            parts.append(told)
    parts.append(_READING)
    return "\n\n".join(parts)


_READING = (
    "In brackets: 95 % intervals of a bootstrap over subjects; after +-: standard deviation over "
    "seeds. Differences are to the reference with the same head, by a paired permutation of whole "
    "subjects, adjusted for the number of rows (Holm). The paper's figures are of the 442 clips of "
    "MEGC2019, without intervals."
)


def _render(results: dict[str, Any]) -> str:
    tables = [
        {
            "title": _title(table),
            "unreadable": table["unreadable"],
            "lines": list(_lines(table, results)),
            "impossible": list(_impossible(table)),
            "heads": _heads_told(table),
            "parts": list(_part_lines(table, results)),
        }
        for table in results["tables"]
    ]
    page: str = (
        page_environment()
        .get_template("ablation.html")
        .render(
            subject=_subject(results),
            notices=_notices(results),
            synthetic=results["synthetic"],
            columns=_COLUMNS,
            part_columns=("row", *(f"{part}: UF1 / UAR" for part in _parts(results))),
            tables=tables,
            reading=_READING,
            settings=list(flattened(results["settings"])),
            data=list(flattened(results["data"])),
            versions=list(results["versions"].items()),
        )
    )
    return page


def _subject(results: dict[str, Any]) -> str:
    seeds, epochs = len(results["seeds"]), results["settings"]["training"]["epochs"]
    return (
        f"{results['n_clips']} clips of {results['n_subjects']} subjects, protocol "
        f"{results['protocol']}, {len(results['class_names'])} classes, "
        f"{seeds} seed{'s' if seeds > 1 else ''}, preset {results['settings']['preset']}, "
        f"{epochs} epoch{'s' if epochs > 1 else ''}, {results['evaluation']}"
    )


def _notices(results: dict[str, Any]) -> list[str]:
    notices = []
    if results["synthetic"]:
        notices.append("SYNTHETIC clips: these figures say nothing about real faces.")
    if any(row["complete"] is False for table in results["tables"] for row in table["rows"]):
        notices.append("INCOMPLETE: folds are missing; rows they are missing from say so.")
    if results["n_subjects"] < FEW_SUBJECTS:
        notices.append(f"Below {FEW_SUBJECTS} subjects, intervals are too narrow.")
    if len(results["seeds"]) == 1:
        notices.append("With one seed, a difference may be the luck of that training: --seeds 5.")
    return [*notices, *results["remarks"]]


def _title(table: dict[str, Any]) -> str:
    return f"Table {table['number']}: {table['title'][0].lower()}{table['title'][1:]}"


def _lines(table: dict[str, Any], results: dict[str, Any]) -> Iterator[Line]:
    for row in table["rows"]:
        if row["heads"] is None:
            continue
        for head, name in _HEADS.items():
            yield Line(f"{row['label']} ({name})", _cells(row, head, results))
    for floor, name in FLOOR_NAMES.items():
        figures = results["floors"][FULL][floor]
        cells = (*(figure_text(figures[key]) for key in _FIGURES), "", "", "")
        yield Line(name, cells, "floor")


def _cells(row: dict[str, Any], head: str, results: dict[str, Any]) -> tuple[str, ...]:
    figures = row["heads"][head][FULL]
    ours = tuple(_with_interval(figures, key) for key in _FIGURES)
    against = (row["against_reference"] or {}).get(head)
    return (
        *ours,
        _published(row, head, FULL),
        *(_against(row, against, key, results) for key in _FIGURES),
    )


def _with_interval(figures: dict[str, Any], key: str) -> str:
    text = figure_text(figures[key])
    if (deviation := figures[f"{key}_sd_seeds"]) is not None:
        text += f" +-{figure_text(deviation)}"
    if interval := figures[f"{key}_ci95"]:
        text += f" [{figure_text(interval[0])}, {figure_text(interval[1])}]"
    return text


def _published(row: dict[str, Any], head: str, part: str) -> str:
    one = row["published"].get(head)
    if one is None or part not in one["figures"]:
        return _UNKNOWN if part == FULL else ""
    uf1, uar = one["figures"][part]
    place = f" ({one['place']})" if part == FULL else ""
    return f"{figure_text(uf1)} / {figure_text(uar)}{place}"


def _against(
    row: dict[str, Any], against: dict[str, Any] | None, key: str, results: dict[str, Any]
) -> str:
    if row["run"] == f"runs/{results['reference']}":
        return "reference"
    if not row["complete"] or against is None:
        return "not compared: folds are missing"
    return _difference(against[key])


def _difference(one: dict[str, Any]) -> str:
    text = f"{one['difference']:+.3f}"
    if interval := one["ci95"]:
        text += f" [{interval[0]:+.3f}, {interval[1]:+.3f}]"
    verdict = "distinguishable" if one["distinguishable"] else "not distinguishable"
    return f"{text}, p = {one['p_value']:.3g}: {verdict}"


def _impossible(table: dict[str, Any]) -> Iterator[str]:
    for row in table["rows"]:
        if row["not_possible"]:
            yield f"{row['label']}, because {row['not_possible'].rstrip('.')}"


def _heads_told(table: dict[str, Any]) -> str:
    """Say how the SVM does against the softmax of the same networks, where that is the question."""
    if not (compared := table.get("svm_against_softmax")):
        return ""
    told = "; ".join(f"{name} {_difference(compared[key])}" for key, name in _FIGURES.items())
    return f"SVM minus softmax of the same networks: {told}."


def _parts(results: dict[str, Any]) -> list[str]:
    return [part for part in results["floors"] if part != FULL]


def _part_lines(table: dict[str, Any], results: dict[str, Any]) -> Iterator[Line]:
    """Yield every row's parts of the composite, ours and then the paper's."""
    parts = _parts(results)
    for row in table["rows"] if parts else ():
        if row["heads"] is None:
            continue
        for head, name in _HEADS.items():
            cells = []
            for part in parts:
                figures = row["heads"][head].get(part)
                ours = " / ".join(figure_text(figures[key]) for key in _FIGURES) if figures else ""
                theirs = _published(row, head, part)
                cells.append(f"{ours} (paper {theirs})" if theirs else ours)
            yield Line(f"{row['label']} ({name})", tuple(cells))


def _markdown_table(columns: tuple[str, ...], lines: list[Line]) -> str:
    rows = [columns, ("---",) * len(columns), *((line.label, *line.cells) for line in lines)]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in rows)


def _read(path: Path) -> dict[str, Any]:
    try:
        results = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise StorageError(
            f"{path} cannot be read: {error}. Expected the folder that `astsvm ablate -o` wrote."
        ) from error
    if not isinstance(results, dict) or results.get("format") != "astsvm-ablation":
        raise StorageError(f"{path}: expected the results of `astsvm ablate`.")
    return results
