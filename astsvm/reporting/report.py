"""One page, with everything in it, that says what a run found and how sure that is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from astsvm.datasets.protocols import PROTOCOLS
from astsvm.errors import StorageError
from astsvm.evaluation.run_folder import RunFolder
from astsvm.evaluation.statistics import FEW_SUBJECTS
from astsvm.evaluation.summary import FULL
from astsvm.reporting.attention_examples import MOST_CLASSES, choose_examples
from astsvm.reporting.fold_readings import read_folds
from astsvm.reporting.run_names import (
    EVALUATIONS,
    databases_of,
    evaluation_of,
    figure_text,
    part_names,
)
from astsvm.reporting.subject_results import subject_results
from astsvm.storage.atomic import write_bytes_atomically, write_text_atomically

__all__ = [
    "FLOOR_NAMES",
    "HEAD_NAMES",
    "PROTOCOL_TEXTS",
    "flattened",
    "page_environment",
    "write_report",
]

HEAD_NAMES = {"svm": "SVM on the network's features", "softmax": "softmax of the network"}
"""The two heads, the paper's own first."""

FLOOR_NAMES = {
    "majority": "floor: most frequent class",
    "permuted": "floor: labels at random",
}
PROTOCOL_TEXTS = {name: protocol.text for name, protocol in PROTOCOLS.items()}
FIGURE_NAMES = {"uf1": "UF1", "uar": "UAR", "accuracy": "accuracy"}
_CHOSEN = {"epochs": "epochs", "svm_c": "C of the SVM", "gamma_factor": "gamma, times its scale"}
_OF_A_FOLD = ("network", "training")


def write_report(run: str | Path, target: str | Path | None = None) -> Path:
    """Draw the pictures of a finished run and write its report.

    The page holds its pictures and needs no network. Names of clips, subjects and classes are
    data and are escaped. No face is in it, so that it may be passed on.

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
    from jinja2 import UndefinedError

    folder = RunFolder(Path(run))
    config, metrics = folder.config(), folder.metrics()
    try:
        page, pictures = _page(folder, config, metrics)
    except (UndefinedError, KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        what = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise StorageError(
            f"{folder.path}: config.json or metrics.json is damaged: {what}. Restore them, or run "
            "the folds again with --resume."
        ) from error
    folder.figures.mkdir(exist_ok=True)
    for old in folder.figures.glob("attention_*.png"):
        # Of an earlier report, before more folds were computed: its clip is no example any more.
        if old.stem not in pictures:
            old.unlink()
    for name, png in pictures.items():
        write_bytes_atomically(folder.figures / f"{name}.png", png)
    path = folder.report if target is None else Path(target)
    write_text_atomically(path, page)
    return path


def _page(
    folder: RunFolder, config: dict[str, Any], metrics: dict[str, Any]
) -> tuple[str, dict[str, bytes]]:
    """Return the page, and its pictures as PNG files by name."""
    # matplotlib loads only where something is drawn.
    from astsvm.reporting.page_pictures import draw_pictures

    table = folder.predictions()
    subjects = subject_results(table, config["subjects"])
    examples = choose_examples(table)
    missing = {(fold["seed"], fold["subject"]) for fold in metrics["missing"]}
    readings = read_folds(folder, config, missing, {(e.seed, e.key) for e in examples})
    pictures = draw_pictures(config, metrics, subjects, examples, readings)
    page = (
        page_environment()
        .get_template("report.html")
        .render(
            config=config,
            metrics=metrics,
            databases=databases_of(config),
            evaluation=evaluation_of(config, metrics),
            evaluation_text=EVALUATIONS[evaluation_of(config, metrics)],
            parts=part_names(config, metrics),
            heads=_head_names(config),
            streams=_streams(config),
            floors=FLOOR_NAMES,
            figures=FIGURE_NAMES,
            verdicts={head: _verdict(metrics, head) for head in HEAD_NAMES},
            pictures=pictures,
            subjects=subjects,
            readings=readings,
            examples=examples,
            choices=_counted(folder.choices()),
            most_classes=MOST_CLASSES,
            few_subjects=FEW_SUBJECTS,
            protocol_text=PROTOCOL_TEXTS.get(config["protocol"], config["protocol"]),
            # How the clips were preprocessed stands in their files, not in this run's settings.
            settings=list(flattened(_of_a_fold(config["settings"]))),
            preprocessing=list(flattened(config["data"]["preprocessing"])),
        )
    )
    return page, {picture.name: picture.png for picture in pictures.all()}


def _head_names(config: dict[str, Any]) -> dict[str, str]:
    """Name the heads; those of a descriptor have no network before them."""
    baseline = config.get("baseline")
    if baseline and baseline["kind"] == "descriptor" and not baseline["as_network_input"]:
        return {"svm": "SVM on the descriptor", "softmax": "logistic regression on the descriptor"}
    return HEAD_NAMES


def _streams(config: dict[str, Any]) -> list[str]:
    """Return the streams that the network took."""
    if baseline := config.get("baseline"):
        return [baseline["stream"]]
    return list(config["settings"]["network"]["streams"])


def _of_a_fold(settings: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of network and training; a baseline has a network of its own."""
    return {key: settings[key] for key in _OF_A_FOLD if key in settings}


def page_environment() -> Any:
    """Return where pages are made: names in them are escaped, and what is missing is an error."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=PackageLoader("astsvm.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["figure"] = figure_text
    # Drawn here, with every name in it escaped; nothing else goes into the page as it is.
    environment.filters["inline"] = lambda picture: Markup(picture.svg)  # noqa: S704
    return environment


def _verdict(metrics: dict[str, Any], head: str) -> str:
    """Say by a fixed rule whether UF1 is above what needs no eyes."""
    floors = [metrics["floors"][FULL][name]["uf1"] for name in FLOOR_NAMES]
    interval = metrics[head][FULL]["uf1_ci95"]
    if interval is None:
        return "one subject, so nothing can be said about others"
    low, high = interval
    if low > max(floors):
        return "above the floors"
    return "below the floors" if high < min(floors) else "not distinguishable from the floors"


def _counted(choices: list[dict[str, str]]) -> dict[str, list[tuple[str, int]]]:
    """Count what the inner splits chose: by setting, its values and their numbers of folds."""
    return {
        label: sorted(Counter(row[key] for row in choices).items(), key=lambda item: float(item[0]))
        for key, label in _CHOSEN.items()
        if choices
    }


def flattened(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Yield the leaves of nested settings as (dotted key, text)."""
    if isinstance(value, dict):
        for name in value:
            yield from flattened(value[name], f"{key}.{name}".lstrip("."))
    elif isinstance(value, list | tuple):
        yield key, ", ".join(str(item) for item in value)
    else:
        yield key, "not set" if value is None else str(value)
