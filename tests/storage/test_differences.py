from __future__ import annotations

from astsvm.storage.differences import describe_differences, differing_keys


def test_nested_keys_are_named_with_both_values() -> None:
    one = {"size": 96, "flow": {"window": 15, "levels": 3}, "streams": ("flow",)}
    other = {"size": 192, "flow": {"window": 15}, "streams": ["flow"]}
    assert differing_keys(one, other) == ("flow.levels", "size")
    assert describe_differences(one, other) == "flow.levels: 3, not absent; size: 96, not 192"


def test_equal_objects_differ_in_nothing() -> None:
    assert describe_differences({"a": {"b": None}}, {"a": {"b": None}}) == ""


def test_a_missing_value_is_not_none() -> None:
    assert differing_keys({"a": None}, {}) == ("a",)


def test_long_lists_are_cut() -> None:
    many = {f"k{i:02d}": i for i in range(20)}
    text = describe_differences(many, {})
    assert text.endswith("and 12 more")
