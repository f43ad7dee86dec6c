"""Every registered baseline keeps the contract: its entry, its input, its network, its heads."""

from __future__ import annotations

import re

import numpy as np
import pytest

from astsvm.baselines import all_baselines, find_baseline
from astsvm.baselines.clip_content import NEEDS, ClipContent
from astsvm.errors import EvaluationError, SettingsError
from astsvm.storage import open_clips
from astsvm.storage.entry import STREAM_NAME

NAMES = list(all_baselines())
CITED = r"doi:10\.\d{4}|arXiv:\d{4}\.\d{5}|ours|github\.com/\w+|\d+\(\d+\), \d+-\d+, \d{4}"
ON_FLOW_IMAGES = {name for name in NAMES if set(find_baseline(name).needs) <= {"motion", "strain"}}


@pytest.mark.parametrize("name", NAMES)
def test_an_entry_says_what_it_is(name):
    baseline = find_baseline(name)
    assert baseline.name == name
    assert STREAM_NAME.fullmatch(baseline.stream)
    assert set(baseline.needs) <= set(NEEDS)
    assert baseline.needs
    assert len(baseline.title) >= 4
    assert re.search(CITED, baseline.source)
    assert baseline.differs or baseline.source.startswith("ours")
    assert baseline.training.inner is None
    assert baseline.training.augmentation == "none"


def test_titles_are_told_apart():
    titles = [baseline.title for baseline in all_baselines().values()]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("name", NAMES)
def test_an_input_is_a_function_of_its_clip_and_is_stored_whole(name, whole_clips):
    baseline = find_baseline(name)
    with open_clips(whole_clips) as clips:
        assert not baseline.unmet(clips)
        first, again, other = (baseline.input_of(ClipContent(clips, index)) for index in (1, 1, 5))
    np.testing.assert_array_equal(first, again)
    assert first.shape == other.shape
    assert (first != other).any()
    assert baseline.is_map == (first.shape[1] > 1 and first.shape[2] > 1)
    stored = first.astype(np.float16)
    assert np.isfinite(stored).all()
    # Half precision may round what is small, but must not lose it.
    lost = (stored == 0) & (first != 0)
    assert np.abs(first[lost]).sum() < 1e-3 * np.abs(first).sum()


@pytest.mark.parametrize("name", NAMES)
def test_precomputed_flow_images_do_for_what_needs_motion_only(name, flow_images):
    baseline = find_baseline(name)
    with open_clips(flow_images) as clips:
        if name in ON_FLOW_IMAGES:
            assert np.isfinite(baseline.input_of(ClipContent(clips, 0))).all()
        else:
            with pytest.raises(EvaluationError, match=f"the baseline {name} needs"):
                baseline.require_needs(clips)


@pytest.mark.parametrize("name", ["", "flow_svn", "AST+SVMNet"])
def test_an_unknown_name_is_refused_with_those_there_are(name):
    with pytest.raises(SettingsError, match=r"expected one of flow_svm, .*") as refusal:
        find_baseline(name)
    assert ("Did you mean flow_svm?" in str(refusal.value)) == (name == "flow_svn")
