"""`astsvm inspect`: what a clip file holds, whether it is whole, and a picture of a clip."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from astsvm.cli.given_files import refuse_lost_inputs
from astsvm.cli.options import json_option

if TYPE_CHECKING:
    from astsvm.storage.reader import ClipCollection

__all__ = ["inspect"]


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--clip", "clip_id", help="A clip: its id, or database/subject/clip.")
@click.option(
    "--picture",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write frames, landmarks, flow, strain and differences of the clip to this file: .png, "
    ".pdf or .svg.",
)
@click.option("--deep", is_flag=True, help="Recompute the checksum of every clip.")
@json_option
def inspect(
    file: Path, clip_id: str | None, picture: Path | None, deep: bool, as_json: bool
) -> None:
    """Tell what the clip file FILE holds, and verify it.

    A truncated, foreign, newer or damaged file is named in one line, with exit code 1.
    """
    from astsvm.storage import open_clips
    from astsvm.storage.schema import validate

    if picture is not None and clip_id is None:
        raise click.UsageError("--picture needs --clip: the clip to draw.")
    refuse_lost_inputs({"--picture": picture}, (file,))
    validate(file, deep=deep)
    with open_clips(file) as clips:
        index = None if clip_id is None else clips.index_of(clip_id)
        found = _describe_file(clips, file) if index is None else _describe_clip(clips, index)
        if picture is not None and index is not None:
            from astsvm.reporting.clip_picture import draw_clip

            draw_clip(clips, index, picture)
            found["picture"] = str(picture)
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        _print(found)


def _describe_file(clips: ClipCollection, file: Path) -> dict[str, Any]:
    records = clips.records
    return {
        "file": str(file),
        "dataset": ", ".join(clips.datasets),
        "synthetic": clips.synthetic,
        "clips": len(records),
        "subjects": len({record.subject_key for record in records}),
        "labels": dict(sorted(Counter(record.label for record in records).items())),
        "databases": dict(sorted(Counter(record.database for record in records).items())),
        "streams": {name: list(shape) for name, shape in clips.streams.items()},
        "digest": clips.digest,
        "settings": clips.settings,
        "skipped": [skipped.as_dict() for skipped in clips.skipped],
    }


def _describe_clip(clips: ClipCollection, index: int) -> dict[str, Any]:
    record = clips.records[index]
    found: dict[str, Any] = {
        "clip": record.key,
        "synthetic": clips.synthetic,
        "label": record.label,
        "onset": record.onset,
        "apex": record.apex,
        "offset": record.offset,
        "fps": record.fps,
        "objective_class": record.objective_class or None,
        "notes": list(record.notes) or None,
        "sha256": record.sha256,
    }
    for stream, shape in clips.streams.items():
        values = clips.read_batch(stream, [index]).astype("float64")
        found[stream] = {
            "shape": list(shape),
            "min": float(values.min()),
            "max": float(values.max()),
            "mean_absolute": float(abs(values).mean()),
        }
    return found


def _print(found: dict[str, Any]) -> None:
    for name, value in found.items():
        if name == "skipped":
            click.echo(f"skipped: {len(value)}")
            for skipped in value:
                row = "" if skipped["row"] is None else f", row {skipped['row']}"
                clip = skipped["clip"] or "unnamed clip"
                click.echo(f"  {clip} ({skipped['file']}{row}): {skipped['reason']}")
        elif isinstance(value, dict):
            inner = ", ".join(f"{key} {_short(item)}" for key, item in value.items())
            click.echo(f"{name}: {inner}")
        elif value is not None:
            click.echo(f"{name}: {_short(value)}")


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
