"""The model card: what a model is, what it was trained on, what it reaches, what it is not for."""

from __future__ import annotations

from collections.abc import Sequence

from astsvm.config import Settings
from astsvm.recognizer.manifest import HeadFigures, Manifest

__all__ = ["LANDMARK_LICENCE", "SYNTHETIC_NOTICE", "model_card"]

SYNTHETIC_NOTICE = "SYNTHETIC: this model was trained on drawn faces; it says nothing of real ones."
"""Stands in everything that such a model says."""

LANDMARK_LICENCE = (
    "Faces are found with dlib's 68-point landmark file, trained on iBUG 300-W, whose licence "
    "excludes commercial use; so does this model's use with it. Landmarks of your own "
    "(`--landmarks`) do without the file."
)

_METHOD = (
    "AST+SVMNet (Xue et al., IEEE Access 2024, doi 10.1109/ACCESS.2024.3395116) as astsvm "
    "implements it: a network with attention and inception modules on {streams}, and a one-vs-rest "
    "RBF support vector machine on its penultimate features, which decides."
)

_LIMITS = (
    "A micro-expression is a movement of the face. This model tells movements apart that people "
    "have labelled; it does not tell what somebody feels, intends or conceals. It is **not a lie "
    "detector**, and no ground for a decision about anybody.",
    "It names one of its classes for every input, also for a clip that shows no expression or no "
    "expression of these classes.",
    "A clip is one short expression, half a second or so, from onset to offset, of one frontal "
    "face. Other cameras, frame rates, light and people than those of the training data lower "
    "what it reaches, by how much has not been measured.",
    "Compressed video may change class and probabilities, and in a search it makes false "
    "candidates: give frames or lossless video.",
    "Scores are decision values, not probabilities. Film people only with their consent.",
)


def model_card(manifest: Manifest, settings: Settings) -> str:
    """Return the card of a model as Markdown; it follows from manifest and settings alone.

    Parameters
    ----------
    manifest : Manifest
        Its list of members is not looked at: the card is one of them.
    settings : Settings
        The model's settings.
    """
    streams = " and ".join(settings.network.streams)
    parts = [
        ["# Model card"],
        [f"**{SYNTHETIC_NOTICE}**"] if manifest.synthetic else [],
        ["## What it is", _METHOD.format(streams=streams), _settings_line(manifest, settings)],
        ["## Training data", *_data_lines(manifest)],
        ["## What it reaches", *_figure_lines(manifest)],
        ["## Probabilities", _calibration_line(manifest)],
        ["## Limits", _list(_LIMITS)],
        ["## Licences", _list(_licences(manifest, settings))],
        ["## Made with", _versions(manifest)],
    ]
    return "\n\n".join(text for part in parts for text in part) + "\n"


def _settings_line(manifest: Manifest, settings: Settings) -> str:
    record = manifest.training
    chosen = ", ".join(f"{name} {value:g}" for name, value in sorted(record.chosen.items()))
    return (
        f"Settings `{settings.preset}`, seed {record.seed}, {record.epochs} epochs, fixed "
        f"beforehand{f' or chosen by an inner split ({chosen})' if chosen else ''}. Classes: "
        f"{', '.join(manifest.class_names)} (protocol {manifest.protocol})."
    )


def _data_lines(manifest: Manifest) -> list[str]:
    data = manifest.data
    counts = ", ".join(f"{name} {count}" for name, count in data.clips_by_class.items())
    told = (
        f"{_number(data.clips, 'clip')} of {_number(data.subjects, 'subject')} "
        f"({', '.join(data.datasets)}): {counts}. Left out by the protocol: {data.left_out}. "
        f"SHA-256 of the clips: `{data.digest}`."
    )
    never = [name for name, count in data.clips_by_class.items() if not count]
    lines = [told]
    if never:
        lines.append(f"Without a training clip, and so never recognised: {', '.join(never)}.")
    if data.precomputed_flow:
        lines.append(
            f"The flow images ({data.precomputed_flow}) were computed elsewhere: the model takes "
            "such images only, no video."
        )
    return lines


def _figure_lines(manifest: Manifest) -> list[str]:
    run = manifest.run
    if run is None:
        return [
            "Not measured. A model that was trained on all clips cannot be judged by them; "
            "`astsvm train --loso` judges the method on the same clips, and `--final --metrics "
            "RUN` puts its figures here."
        ]
    seeds = "1 seed" if len(run.seeds) == 1 else f"means over {len(run.seeds)} seeds"
    floors = ", ".join(f"{name} {value:.3f}" for name, value in sorted(run.floors.items()))
    rows = [_figure_row("SVM, which decides", run.svm), _figure_row("softmax", run.softmax)]
    table = "\n".join(["| | UF1 | UAR | accuracy |", "|---|---|---|---|", *rows])
    return [
        f"Leave one subject out ({run.evaluation}) over {_number(run.clips, 'clip')} of "
        f"{_number(run.subjects, 'subject')} with the same settings, {seeds}, with 95 % intervals "
        "over subjects:",
        table,
        f"UF1 without eyes: {floors}. These are figures of the method on held-out subjects of this "
        "data; the model itself was trained on all of them.",
    ]


def _figure_row(name: str, figures: HeadFigures) -> str:
    cells = [
        (figures.uf1, figures.uf1_ci95),
        (figures.uar, figures.uar_ci95),
        (figures.accuracy, figures.accuracy_ci95),
    ]
    told = [
        f"{value:.3f}" + (f" [{interval[0]:.3f}, {interval[1]:.3f}]" if interval else "")
        for value, interval in cells
    ]
    return f"| {name} | {' | '.join(told)} |"


def _calibration_line(manifest: Manifest) -> str:
    found = manifest.calibration
    if found is None:
        return "None: the scores are not calibrated."
    return (
        f"Calibrated on the scores of {_number(found.clips, 'held-out clip')} "
        f"({_number(found.seeds, 'seed')}), scale {found.scale:.4g}: log loss {found.log_loss:.3f} "
        f"there, where the classes' frequencies alone have {found.base_rate_log_loss:.3f}. They "
        "hold for clips as those, with classes as frequent as there."
    )


def _licences(manifest: Manifest, settings: Settings) -> list[str]:
    lines = []
    if manifest.synthetic:
        lines.append("The training clips were drawn by astsvm, which is MIT-licensed.")
    else:
        lines.append(
            "The weights derive from the training clips. Whoever licensed those may limit what "
            "is done with the model; databases of faces mostly forbid passing it on."
        )
    preprocessing = settings.preprocessing
    finds_faces = preprocessing.alignment != "none" and not manifest.data.precomputed_flow
    if finds_faces and preprocessing.landmark_model == "68":
        lines.append(LANDMARK_LICENCE)
    return lines


def _versions(manifest: Manifest) -> str:
    told = ", ".join(f"{name} {value}" for name, value in sorted(manifest.versions.items()))
    return f"{manifest.generated_by}; {told}."


def _list(lines: Sequence[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
