"""Leave one subject out: every clip once, nobody on both sides, no order but the subjects'."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from astsvm.errors import EvaluationError
from astsvm.evaluation.splits import leave_one_subject_out

SUBJECTS = st.lists(st.sampled_from(["a/1", "a/2", "b/1", "b/10", "b/2"]), min_size=2, max_size=40)


@given(keys=SUBJECTS.filter(lambda keys: len(set(keys)) > 1))
@settings(deadline=None, max_examples=50)
def test_every_clip_is_tested_once_and_no_subject_is_on_both_sides(keys):
    folds = leave_one_subject_out(keys)
    assert [fold.subject for fold in folds] == sorted(set(keys))
    assert sorted(np.concatenate([fold.test for fold in folds])) == list(range(len(keys)))
    for fold in folds:
        assert {keys[i] for i in fold.test} == {fold.subject}
        assert fold.subject not in {keys[i] for i in fold.train}
        assert sorted([*fold.train, *fold.test]) == list(range(len(keys)))


def test_the_same_name_in_two_databases_is_two_people():
    folds = leave_one_subject_out(["smic/s1", "samm/s1", "smic/s1"])
    assert [fold.subject for fold in folds] == ["samm/s1", "smic/s1"]
    assert folds[1].test.tolist() == [0, 2]


def test_records_are_taken_by_their_subject_key():
    @dataclass(frozen=True)
    class Record:
        subject_key: str

    folds = leave_one_subject_out([Record("d/b"), Record("d/a")])
    assert [(fold.subject, fold.test.tolist()) for fold in folds] == [("d/a", [1]), ("d/b", [0])]


@pytest.mark.parametrize(("keys", "found"), [([], "none"), (["a/1", "a/1"], "only a/1")])
def test_fewer_than_two_subjects_are_refused(keys, found):
    with pytest.raises(EvaluationError, match=f"at least two subjects, found {found}"):
        leave_one_subject_out(keys)
