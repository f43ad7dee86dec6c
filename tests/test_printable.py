"""What a terminal would obey is written out."""

import pytest

from astsvm.printable import printable, require_printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Überraschung 驚き", "Überraschung 驚き"),
        ("\x1b[31mred\n", r"\x1b[31mred\n"),
        ("\x9b2J\u202e\ud800", r"\x9b2J\u202e\ud800"),
    ],
)
def test_it_is_printable_and_otherwise_as_it_was(text, shown):
    assert printable(text) == shown
    if text == shown:
        assert require_printable(text) == text
    else:
        with pytest.raises(ValueError, match="one line of printable characters"):
            require_printable(text)
