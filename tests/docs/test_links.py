"""Every link of the README and the documentation leads somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


def prose(page: Path) -> str:
    """Return a page without its code, in which brackets are no links."""
    text = re.sub(r"^( *)```.*?^\1```", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)", "", text)


def links(page: Path) -> list[str]:
    return re.findall(r"\]\(([^()\s]+)\)", prose(page))


def slug(heading: str) -> str:
    """Return the anchor that both mkdocs and the usual web forges give a heading."""
    words = re.sub(r"[^\w\s-]", "", heading.replace("`", "")).strip().lower()
    return re.sub(r"\s+", "-", words)


def anchors(page: Path, filled) -> set[str]:
    text = filled(page.read_text("utf-8"))
    text_without_code = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    headings = re.findall(r"^#+ (.+)$", text_without_code, flags=re.MULTILINE)
    places = re.findall(r'<(?:a|span) id="([^"]+)">', text)
    return {*map(slug, headings), *places, *re.findall(r"^::: ([\w.]+)$", text, flags=re.MULTILINE)}


def dead_links(page: Path, filled) -> list[str]:
    dead = []
    for link in links(page):
        if link.startswith("https://"):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if not target.is_file() or (anchor and anchor not in anchors(target, filled)):
            dead.append(link)
    return dead


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page, site_module):
    assert dead_links(page, site_module("site_hooks").with_parts) == []


def test_there_are_links_and_dead_ones_are_found(tmp_path, site_module):
    assert sum(len(links(page)) for page in PAGES) > 60
    filled = site_module("site_hooks").with_parts
    (tmp_path / "other.md").write_text("## A place, `code`\n\n```sh\n# no place\n```\n")
    page = tmp_path / "page.md"
    page.write_text(
        "[a](other.md) [b](other.md#a-place-code) [`c`](other.md#no-place) [d](none.md) "
        "[e](http://plain) `[f](code.md)` [g](#nowhere)\n"
    )
    assert dead_links(page, filled) == ["other.md#no-place", "none.md", "http://plain", "#nowhere"]
