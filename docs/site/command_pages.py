"""Every command with its arguments and options, drawn from click."""

from __future__ import annotations

import inspect
import re

import click

from astsvm.cli import group

__all__ = ["commands", "every_command"]

_SHORTER = {"INTEGER": "N", "INTEGER RANGE": "N", "FLOAT": "X", "FLOAT RANGE": "X"}


def every_command() -> str:
    """Return a heading, the explanation and a table of options for every command, as Markdown."""
    return "\n\n".join(_section(name, command) for name, command in commands().items())


def commands() -> dict[str, click.Command]:
    """Return the commands in the order of the work."""
    context = click.Context(group, info_name="astsvm")
    found = {name: group.get_command(context, name) for name in group.list_commands(context)}
    return {name: command for name, command in found.items() if command is not None}


def _section(name: str, command: click.Command) -> str:
    parent = click.Context(group, info_name="astsvm", **group.context_settings)
    context = click.Context(command, info_name=name, parent=parent)
    usage = " ".join(["astsvm", name, *command.collect_usage_pieces(context)])
    lines = [f"## astsvm {name}", "", "```text", usage, "```", "", _explanation(command), ""]
    lines += ["| option | meaning |", "|---|---|"]
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if isinstance(parameter, click.Option) and record is not None:
            lines.append(f"| {_names(parameter)}{_value(parameter)} | {_cell(record[1])} |")
    return "\n".join(lines)


def _names(option: click.Option) -> str:
    switches = [*option.opts, *option.secondary_opts]
    return ", ".join(f"`{switch}`" for switch in switches)


def _value(option: click.Option) -> str:
    """Say what an option takes; nothing for one that is only there or not."""
    if option.is_flag or option.count:
        return ""
    if isinstance(option.type, click.Choice):
        return ": " + ", ".join(f"`{choice}`" for choice in option.type.choices)
    metavar = option.make_metavar(click.Context(click.Command("any")))
    shown = _SHORTER.get(metavar, metavar).replace("|", "\\|")
    return f" `{shown}`"


def _explanation(command: click.Command) -> str:
    """Return the help text; paragraphs that click is told to leave alone become blocks."""
    paragraphs = inspect.cleandoc(command.help or "").split("\n\n")
    told = []
    for paragraph in paragraphs:
        if paragraph.startswith("\b"):
            first, *rest = paragraph.removeprefix("\b").strip("\n").split("\n")
            told.append("\n".join([first, "", "```sh", *(line.strip() for line in rest), "```"]))
        else:
            told.append(_with_options_as_code(" ".join(paragraph.split())))
    return "\n\n".join(told)


def _cell(text: str) -> str:
    """Keep text from being taken for more columns, a link, emphasis or HTML."""
    one_line = re.sub(r"\s+", " ", text)
    return _with_options_as_code(re.sub(r"([|\[\]*<_])", r"\\\1", one_line))


def _with_options_as_code(text: str) -> str:
    return re.sub(r"(?<![`\w-])(--[a-z][a-z-]*)", r"`\1`", text)
