"""`astsvm evaluate`: compute a run's figures again from its predictions, and report them."""

from __future__ import annotations

from pathlib import Path

import click

from astsvm.cli.options import json_option
from astsvm.cli.result_table import print_result

__all__ = ["evaluate"]


@click.command()
@click.argument("run", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--report",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The page to write.  [default: report.html in RUN]",
)
@json_option
@click.pass_context
def evaluate(ctx: click.Context, run: Path, report: Path | None, as_json: bool) -> None:
    """Verify and report the run in the folder RUN.

    Reads predictions.csv, computes every figure again, fails if metrics.json says otherwise, and
    draws figures and report anew. The exit code is 3 if folds of the run have failed.
    """
    _refuse_other_files(run, report)
    from astsvm.evaluation.run_folder import RunFolder
    from astsvm.evaluation.verification import verify_run
    from astsvm.reporting import write_report

    metrics = verify_run(RunFolder(run))
    page = write_report(run, report)
    if not as_json:
        click.echo(f"report: {page}", err=True)
    print_result(ctx, metrics, as_json=as_json)


def _refuse_other_files(run: Path, report: Path | None) -> None:
    """Refuse a report that would take the place of another file of the run."""
    if report is None:
        return
    target = report.resolve()
    if run.resolve() in target.parents and target.suffix.lower() not in (".html", ".htm"):
        raise click.UsageError(
            f"--report {report} lies in the run, where only a page that ends in .html may be "
            "written: the other files are the run's own."
        )
