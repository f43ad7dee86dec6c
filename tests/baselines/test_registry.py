"""Every registered baseline keeps the contract: input, network, heads, source."""

from __future__ import annotations

import re

import pytest

from astsvm.baselines import all_baselines, find_baseline
from astsvm.baselines.clip_content import NEEDS
from astsvm.errors import SettingsError
from astsvm.storage.entry import STREAM_NAME

NAMES = list(all_baselines())


@pytest.mark.parametrize("name", NAMES)
def test_an_entry_says_what_it_is(name):
    baseline = find_baseline(name)
    assert baseline.name == name
    assert STREAM_NAME.fullmatch(baseline.stream)
    assert set(baseline.needs) <= set(NEEDS)
    assert baseline.needs
    assert len(baseline.title) > 5
    cited = r"doi:10\.\d{4}|arXiv:\d{4}\.\d{5}|ours|github\.com/\w+|\d+\(\d+\), \d+-\d+, \d{4}"
    assert re.search(cited, baseline.source)
    assert baseline.training.inner is None
    assert baseline.training.augmentation == "none"


@pytest.mark.parametrize("name", ["", "flow_svn", "AST+SVMNet"])
def test_an_unknown_name_is_refused_with_those_there_are(name):
    with pytest.raises(SettingsError, match=r"expected one of flow_svm, .*") as refusal:
        find_baseline(name)
    assert ("Did you mean flow_svm?" in str(refusal.value)) == (name == "flow_svn")
