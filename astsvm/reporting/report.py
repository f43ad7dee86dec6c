"""One page, with everything in it, that says what a run found and how sure that is."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from astsvm.datasets.protocols import PROTOCOLS
from astsvm.errors import StorageError
from astsvm.evaluation.run_folder import RunFolder
from astsvm.evaluation.statistics import FEW_SUBJECTS
from astsvm.evaluation.summary import FULL
from astsvm.storage.atomic import write_bytes_atomically, write_text_atomically

__all__ = ["HEAD_NAMES", "PROTOCOL_TEXTS", "write_report"]

HEAD_NAMES = {"svm": "SVM on the network's features", "softmax": "softmax of the network"}
"""The two heads, the paper's own first."""

FLOOR_NAMES = {
    "majority": "floor: always the most frequent class",
    "permuted": "floor: labels dealt out at random",
}
PROTOCOL_TEXTS = {name: protocol.text for name, protocol in PROTOCOLS.items()}
_OF_A_FOLD = ("network", "training")
_LONGEST_NAME = 150
FIGURE_NAMES = {"uf1": "UF1", "uar": "UAR", "accuracy": "accuracy"}


@dataclass(frozen=True)
class _Picture:
    """A confusion matrix as it stands in the page."""

    head: str
    uri: str
    description: str


def write_report(run: str | Path, target: str | Path | None = None) -> Path:
    """Draw the confusion matrices of a finished run and write its report.

    The page holds its pictures and needs no network. Names of clips, subjects and classes are
    data and are escaped.

    Parameters
    ----------
    run : path
        Folder of the run; the pictures go to its ``figures``.
    target : path, optional
        The page to write; by default ``report.html`` in the run's folder.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    StorageError
        If the run is not finished or its files are damaged, or the page cannot be written.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined, UndefinedError

    folder = RunFolder(Path(run))
    config, metrics = folder.config(), folder.metrics()
    environment = Environment(
        loader=PackageLoader("astsvm.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["figure"] = figure_text
    try:
        page = environment.get_template("report.html").render(
            config=config,
            metrics=metrics,
            parts=_parts(metrics),
            pictures=_draw(folder, metrics),
            heads=HEAD_NAMES,
            floors=FLOOR_NAMES,
            figures=FIGURE_NAMES,
            few_subjects=FEW_SUBJECTS,
            protocol_text=PROTOCOL_TEXTS.get(config["protocol"], config["protocol"]),
            # How the clips were preprocessed stands in their files, not in this run's settings.
            settings=list(flattened({key: config["settings"][key] for key in _OF_A_FOLD})),
            preprocessing=list(flattened(config["data"]["preprocessing"])),
        )
    except (UndefinedError, KeyError, TypeError, ValueError, AttributeError) as error:
        what = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise StorageError(
            f"{folder.path}: config.json or metrics.json is damaged: {what}. Restore them, or run "
            "the folds again with --resume."
        ) from error
    path = folder.report if target is None else Path(target)
    write_text_atomically(path, page)
    return path


def _parts(metrics: dict[str, Any]) -> list[str]:
    """Name the parts to show: with a single database, its part is the whole."""
    databases = [part for part in metrics["svm"] if part != FULL]
    return [FULL, *databases] if len(databases) > 1 else [FULL]


def _draw(folder: RunFolder, metrics: dict[str, Any]) -> dict[str, list[_Picture]]:
    """Write every confusion matrix as a PNG and return them by part for the page."""
    from astsvm.reporting.plots import confusion_picture

    folder.figures.mkdir(exist_ok=True)
    pictures: dict[str, list[_Picture]] = {}
    for head, name in HEAD_NAMES.items():
        for part, scores in metrics[head].items():
            where = "all clips" if part == FULL else part
            values = f"UF1 {figure_text(scores['uf1'])}, UAR {figure_text(scores['uar'])}"
            png = confusion_picture(
                scores["confusion"],
                metrics["class_names"],
                f"{where}: {head if head == 'softmax' else 'SVM'}\n{values}",
                synthetic=metrics["synthetic"],
            )
            write_bytes_atomically(folder.figures / _file_name(head, part), png)
            uri = f"data:image/png;base64,{base64.b64encode(png).decode()}"
            description = f"Confusion matrix of {where}, {name}: {values}"
            pictures.setdefault(part, []).append(_Picture(head, uri, description))
    return pictures


def _file_name(head: str, part: str) -> str:
    """Name a picture after any database; one too long for a file system ends in a digest."""
    name = quote(part, safe=" ").replace("~", "%7E")
    if len(name) > _LONGEST_NAME:
        # "~" stands in no whole name, so a shortened one meets none.
        name = f"{name[:100]}~{hashlib.sha256(part.encode()).hexdigest()[:32]}"
    return f"confusion_{head}_{name}.png"


def figure_text(value: float) -> str:
    """Write a figure in [0, 1] with three digits and no leading zero, as the field does."""
    text = f"{value:.3f}"
    return text[1:] if text.startswith("0.") else text


def flattened(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Yield the leaves of nested settings as (dotted key, text)."""
    if isinstance(value, dict):
        for name in value:
            yield from flattened(value[name], f"{key}.{name}".lstrip("."))
    elif isinstance(value, list | tuple):
        yield key, ", ".join(str(item) for item in value)
    else:
        yield key, str(value)
