"""Text of somebody else's that is to be shown on a terminal."""

from __future__ import annotations

__all__ = ["printable", "require_printable"]


def printable(text: str) -> str:
    r"""Return text in which everything that is not printable is written out, as ``\x1b``.

    A terminal obeys control characters: they can rename its window, move the cursor, or write over
    what stands there.
    """
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in text
    )


def require_printable(name: str) -> str:
    """Return a name that may be shown as it is.

    Raises
    ------
    ValueError
        If it holds anything that is not printable, as a second line is.
    """
    if not name.isprintable():
        raise ValueError(f"must be one line of printable characters, received {name!r:.80}")
    return name
