"""`astsvm compare`: is one run better than another, or only luckier."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from astsvm.cli.options import json_option

if TYPE_CHECKING:
    from astsvm.evaluation.comparison import Difference, McNemar

__all__ = ["compare"]

_FIGURES = {"uf1": "UF1", "uar": "UAR", "accuracy": "accuracy"}


@click.command()
@click.argument(
    "runs", nargs=-1, required=True, type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@click.option(
    "--head",
    type=click.Choice(["svm", "softmax"]),
    default="svm",
    show_default=True,
    help="Whose predictions are compared.",
)
@json_option
def compare(runs: tuple[Path, ...], head: str, as_json: bool) -> None:
    """Compare the runs in the folders RUNS, every one with every other.

    All must have predicted the same clips. Each run is verified first. The p-values are of a test
    that swaps the two runs' predictions of whole subjects; they decide, and with n subjects cannot
    get below 2^-(n - 1). The intervals, of the difference, are from a bootstrap over subjects. With
    more than two runs, p-values are adjusted for the number of comparisons (Holm).
    """
    if len(runs) < 2:
        raise click.UsageError("name two runs or more to compare.")
    from astsvm.evaluation.comparison import compare_tables, holm_adjusted
    from astsvm.evaluation.run_folder import RunFolder
    from astsvm.evaluation.verification import verify_run

    folders = [RunFolder(run) for run in runs]
    verified = [verify_run(folder) for folder in folders]
    synthetic = any(metrics["synthetic"] for metrics in verified)
    told = {str(run): _marks(metrics) for run, metrics in zip(runs, verified, strict=True)}
    marks = {run: of_it for run, of_it in told.items() if of_it}
    tables = [folder.predictions() for folder in folders]
    pairs = list(combinations(range(len(runs)), 2))
    compared = [compare_tables(tables[i], tables[j], head) for i, j in pairs]
    adjusted = holm_adjusted([differences for differences, _ in compared])
    found = [
        _as_dict(runs[i], runs[j], differences, mcnemar)
        for (i, j), differences, (_, mcnemar) in zip(pairs, adjusted, compared, strict=True)
    ]
    if as_json:
        outcome = {"head": head, "synthetic": synthetic, "marks": marks, "comparisons": found}
        click.echo(json.dumps(outcome, indent=1, ensure_ascii=False))
    else:
        if synthetic:
            click.echo("SYNTHETIC clips: these figures say nothing about real faces.")
        for run, lines in marks.items():
            click.echo("\n".join(f"{run}: {line}" for line in lines))
        _print(head, found)


def _marks(metrics: dict[str, Any]) -> list[str]:
    """Return what must be said of a run before its figures are looked at."""
    marks = list(metrics["marks"])
    if lost := len(metrics["missing"]):
        folds = "fold" if lost == 1 else "folds"
        marks.append(f"INCOMPLETE: {lost} {folds} gave no result; their clips are not compared.")
    return marks


def _as_dict(
    first: Path, second: Path, differences: dict[str, Difference], mcnemar: tuple[McNemar, ...]
) -> dict[str, Any]:
    return {
        "first": str(first),
        "second": str(second),
        "figures": {
            name: {
                "first": difference.first,
                "second": difference.second,
                "difference_ci95": difference.interval and list(difference.interval),
                "p_value": difference.p_value,
                "least_p_value": difference.least_p_value,
                "distinguishable": difference.is_distinguishable,
            }
            for name, difference in differences.items()
        },
        "mcnemar": [test._asdict() for test in mcnemar],
    }


def _print(head: str, found: list[dict[str, Any]]) -> None:
    for comparison in found:
        seeds = [test["seed"] for test in comparison["mcnemar"]]
        of_seeds = f"seed{'s' if len(seeds) > 1 else ''} {', '.join(map(str, seeds))}"
        click.echo(f"\n{comparison['first']} and {comparison['second']}, head {head}, {of_seeds}")
        for name, figure in comparison["figures"].items():
            click.echo(f"  {_FIGURES[name]:9} {_line(figure)}")
        tests = [
            f"{test['only_first']} : {test['only_second']} (p = {test['p_value']:.3g})"
            for test in comparison["mcnemar"]
        ]
        click.echo("".join(f"  {line}\n" for line in _disagreements(comparison)), nl=False)
        click.echo(f"  clips that only one of them recognised, by seed: {'; '.join(tests)}")
    click.echo(
        "\nIn brackets: the 95 % interval of the difference. p: paired permutation of whole "
        "subjects.\nMcNemar's p, behind the clips, takes clips of one subject for independent and "
        "is too small."
    )
    click.echo("p decides, not the interval: below .05 one run is said to be better.")
    if len(found) > 1:
        click.echo(f"All p but McNemar's are adjusted for {len(found)} comparisons (Holm).")
    if any(len(comparison["mcnemar"]) == 1 for comparison in found):
        click.echo(
            "With one seed, a difference may be the luck of that training and not of the method: "
            "use --seeds 5."
        )


def _line(figure: dict[str, Any]) -> str:
    difference = figure["first"] - figure["second"]
    interval = figure["difference_ci95"]
    told = f"{figure['first']:.3f} and {figure['second']:.3f}, difference {difference:+.3f}"
    if interval is not None:
        told += f" [{interval[0]:+.3f}, {interval[1]:+.3f}]"
    better = "the first" if difference > 0 else "the second"
    verdict = f"{better} is better" if figure["distinguishable"] else "not distinguishable"
    return f"{told}, p = {figure['p_value']:.3g}: {verdict}"


def _disagreements(comparison: dict[str, Any]) -> list[str]:
    """Say why p and interval of a figure point to different verdicts, where they do."""
    lines = []
    for name, figure in comparison["figures"].items():
        interval = figure["difference_ci95"]
        apart = interval is not None and (interval[0] > 0 or interval[1] < 0)
        if apart and not figure["distinguishable"]:
            lines.append(
                f"{_FIGURES[name]}: the interval leaves 0 out, but p decides. With few subjects "
                "the interval is too narrow, and with those here p cannot get below "
                f"{figure['least_p_value']:.2g}."
            )
        elif figure["distinguishable"] and interval is not None and not apart:
            lines.append(f"{_FIGURES[name]}: the interval holds 0, but p decides.")
    return lines
