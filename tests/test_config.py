"""Settings are validated, frozen, and survive JSON unchanged."""

import contextlib
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astsvm.config import (
    PRESETS,
    FlowSettings,
    MagnificationSettings,
    NetworkSettings,
    Settings,
)
from astsvm.errors import AstsvmError, SettingsError


@pytest.mark.parametrize("name", ["paper", "fast", "demo"])
def test_presets_survive_json(name):
    settings = Settings.from_preset(name)
    assert settings.preset == name
    assert Settings.from_json(settings.to_json()) == settings


def test_the_presets_are_those_of_the_architecture():
    assert set(PRESETS) == {"paper", "fast", "demo"}
    paper = PRESETS["paper"]
    assert (paper.network.kernels, paper.preprocessing.size) == ("full", 192)
    assert paper.preprocessing.steps == 10
    assert PRESETS["fast"].network.kernels == "factorised"


def test_unknown_preset_lists_what_exists():
    with pytest.raises(SettingsError, match="paper, fast, demo"):
        Settings.from_preset("papier")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"network": {"streams": ["flow", "flow"]}}, "none twice"),
        ({"network": {"streams": []}}, "at least one"),
        ({"training": {"epochs": 0}}, "received 0"),
        ({"training": {"learning_rate": float("nan")}}, "learning_rate"),
        ({"preprocessing": {"size": "large"}}, "received 'large'"),
        ({"preprocessing": {"magnification": {"r1": 0.05, "r2": 0.4}}}, "r2 must be smaller"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_bad_values_are_named_with_what_came(values, said):
    with pytest.raises(SettingsError, match=said):
        Settings(**values)


@given(st.text() | st.binary(max_size=40))
def test_any_text_gives_settings_or_a_settings_error(text):
    with contextlib.suppress(AstsvmError):
        Settings.from_json(text)


def test_deep_json_is_refused_in_one_line():
    with pytest.raises(SettingsError):
        Settings.from_json("[" * 100_000)


def test_settings_cannot_be_changed_in_place():
    settings = NetworkSettings()
    with pytest.raises(ValueError, match="frozen"):
        settings.dropout = 0.1
    assert settings.replace(dropout=0.1).dropout == 0.1
    with pytest.raises(SettingsError):
        settings.replace(dropout=2)


@pytest.mark.parametrize(("fps", "alpha"), [(200, 20), (150, 20), (100, 8), (30, 8)])
def test_magnification_follows_the_frame_rate(fps, alpha):
    assert MagnificationSettings().alpha_at(fps) == alpha
    assert MagnificationSettings(alpha=0).alpha_at(fps) == 0


def test_a_settings_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SettingsError, match=r"none\.json"):
        Settings.load(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            '{"preprocessing": {"flow": {"window": 4}}}',
            "Settings: preprocessing.flow: window must be odd, received 4",
        ),
        (
            '{"preprocessing": {"flow": {"windw": 5}, "size": 3}, "extra": 1}',
            "Settings: preprocessing.size: input should be greater than or equal to 16, "
            "received 3; preprocessing.flow.windw: there is no such setting; did you mean window?; "
            "extra: there is no such setting; expected one of preset, preprocessing, network, "
            "training",
        ),
    ],
)
def test_a_nested_setting_is_named_by_its_whole_path(tmp_path, text, said):
    file = tmp_path / "settings.json"
    file.write_text(text)
    with pytest.raises(SettingsError) as refused:
        Settings.load(file)
    assert str(refused.value) == f"{file}: {said}"


def test_a_single_record_names_itself_and_its_error_travels():
    with pytest.raises(SettingsError) as refused:
        FlowSettings(window=4)
    assert str(refused.value) == "FlowSettings: window must be odd, received 4"
    assert str(pickle.loads(pickle.dumps(refused.value))) == str(refused.value)


def test_a_hostile_key_is_shown_harmlessly():
    with pytest.raises(SettingsError) as refused:
        Settings.from_json('{"a\\n\\u001b[2J": 1}')
    assert str(refused.value).isprintable()
