"""What is drawn from the code holds all of it: settings, commands, protocols."""

from __future__ import annotations

import json
import re
from pathlib import Path

import click
import pytest

from astsvm.cli import group
from astsvm.config import PRESETS, Settings
from astsvm.datasets import PROTOCOLS

DOCS = Path(__file__).parents[2] / "docs"


def flat(prefix: str, value: object) -> dict[str, object]:
    """Return the plain values of nested records by their dotted names."""
    if not isinstance(value, dict):
        return {prefix: value}
    found: dict[str, object] = {}
    for name, inner in value.items():
        found |= flat(f"{prefix}.{name}".lstrip("."), inner)
    return found


@pytest.fixture(scope="session")
def filled(site_module):
    """Give a function that returns a page with its drawn parts."""
    hooks = site_module("site_hooks")
    return lambda name: hooks.with_parts((DOCS / name).read_text("utf-8"))


def test_every_setting_stands_with_its_default_and_a_meaning(filled):
    rows = {
        name: cells.split(" | ")
        for name, cells in re.findall(
            r'^\| <span id="([\w.]+)">.*?</span> \| (.*) \|$', filled("settings.md"), re.MULTILINE
        )
    }
    inner = Settings(training={"inner": {}}).model_dump(mode="json")
    expected = flat("", Settings().model_dump(mode="json")) | flat("", inner)
    assert set(rows) == {*expected, "training.inner"}
    for name, (values, default, meaning) in rows.items():
        wanted = None if name == "training.inner" else expected[name]
        assert json.loads(default.strip("`")) == wanted, name
        assert values, name
        assert len(meaning) > 5, name


def test_ranges_are_those_that_are_enforced(filled):
    page = filled("settings.md")
    assert "whole number from 16 to 1024" in page
    assert "number above 0 to 1" in page
    assert "number from 0 below 1" in page
    assert "`lucas_kanade`, `dis`, `farneback`" in page
    assert "number above 0, or `scale`, `auto`" in page


def test_presets_differ_where_the_page_says(filled):
    table = re.findall(
        r"^\| \[`([\w.]+)`\]\(#\1\) \| (.*) \|$", filled("settings.md"), re.MULTILINE
    )
    values = {name: flat("", preset.model_dump(mode="json")) for name, preset in PRESETS.items()}
    differing = {
        name
        for name in values["paper"]
        if name != "preset" and len({json.dumps(of[name]) for of in values.values()}) > 1
    }
    assert {name for name, _ in table} == differing
    for name, cells in table:
        told = [json.loads(cell.strip("`")) for cell in cells.split(" | ")]
        assert told == [of[name] for of in values.values()]


def test_a_setting_without_a_meaning_is_refused(site_module):
    with pytest.raises(ValueError, match=r"Settings\.preprocessing has no docstring"):
        site_module("setting_tables")._meaning("Settings.preprocessing")


def test_every_command_stands_with_all_its_options(filled):
    page = filled("commands.md")
    sections = dict(
        re.findall(r"^## astsvm (\w+)\n(.*?)(?=^## |\Z)", page, re.DOTALL | re.MULTILINE)
    )
    assert list(sections) == group.list_commands(None)
    for name, section in sections.items():
        command = group.get_command(click.Context(group), name)
        rows = re.findall(r"^\| (`-.*?) \| (.+) \|$", section, re.MULTILINE)
        told = {switch for cells, _ in rows for switch in re.findall(r"`(--?[\w-]+)`", cells)}
        switches = {
            switch
            for parameter in command.params
            if isinstance(parameter, click.Option)
            for switch in (*parameter.opts, *parameter.secondary_opts)
        }
        # Which help option click shows depends on how a command was called first in this process.
        assert told - {"-h", "--help"} == switches, name
        assert all(meaning.strip() for _, meaning in rows), name
        assert f"astsvm {name} [OPTIONS]" in section


def test_choices_of_options_are_listed(filled):
    page = filled("commands.md")
    assert "`--preset`: " + ", ".join(f"`{name}`" for name in PRESETS) in page
    assert "`--protocol`: " + ", ".join(f"`{name}`" for name in PROTOCOLS) in page


def test_every_protocol_stands_with_its_classes(filled):
    page = filled("protocol.md")
    for name, protocol in PROTOCOLS.items():
        section = page.split(f"### `{name}`\n")[1].split("\n### ")[0].split("\n## ")[0]
        assert protocol.text in section
        assert all(f"`{wanted}`" in section for wanted in protocol.classes)
        for table in protocol.tables.values():
            assert all(label in section for label in table)
        assert all(key in section for key in protocol.exclusions)


def test_an_unknown_part_is_an_error(site_module):
    with pytest.raises(KeyError, match="every wish"):
        site_module("site_hooks").with_parts("text\n\n<!-- every wish -->\n")


def test_every_baseline_stands_with_its_source_and_what_differs(filled):
    from astsvm.baselines import all_baselines

    page = filled("baselines.md")
    for name, baseline in all_baselines().items():
        assert f"[`{name}`](#{name}) | {baseline.title} | {', '.join(baseline.needs)} |" in page
        section = page.split(f'<a id="{name}"></a>')[1].split("\n### ")[0]
        assert f"`{name}`, {baseline.kind}" in section
        assert section.count("- Differs: ") == len(baseline.differs)
        assert "github.com" not in re.sub(r"\[[^\]]*\]\([^)]*\)", "", section)
