"""`astsvm doctor`: what is installed, what is missing, how to get it."""

from __future__ import annotations

import dataclasses
import json

import click

from astsvm.cli.options import json_option

__all__ = ["doctor"]


@click.command()
@json_option
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """Tell what is installed, what is missing, and how to get it."""
    from astsvm.diagnosis import diagnose

    findings = diagnose()
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(finding) for finding in findings], indent=2))
    else:
        width = max(len(finding.name) for finding in findings)
        for finding in findings:
            mark = "MISSING" if finding.fault else "ok"
            click.echo(f"{mark:7}  {finding.name:{width}}  {finding.found}")
            if finding.advice:
                click.echo(f"{'':7}  {'':{width}}  -> {finding.advice}")
    if any(finding.fault for finding in findings):
        ctx.exit(1)
