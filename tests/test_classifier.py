"""The SVM head against an independent computation of its decision function, and its file."""

import json
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from astsvm.classifier import SvmHead
from astsvm.config import TrainingSettings
from astsvm.errors import InvalidInputError, StorageError

SETTINGS = TrainingSettings()


def blobs(classes=3, clips=20, width=8, seed=0):
    generator = np.random.default_rng(seed)
    labels = np.repeat(np.arange(classes), clips)
    centres = generator.normal(size=(classes, width)) * 2
    scales = np.logspace(-2, 2, width)
    return (centres[labels] + generator.normal(size=(len(labels), width))) * scales + 5, labels


def rbf_scores(head, features):
    """Scores from the arrays alone: sum of coefficient * exp(-gamma * squared distance)."""
    scaled = (np.asarray(features, float) - head.scaler_mean) / head.scaler_scale
    arrays, columns = head.support_arrays(), []
    for vectors, coefficients, intercept, gamma in zip(*[iter(arrays)] * 4, strict=True):
        squared = ((scaled[:, None] - vectors[None]) ** 2).sum(axis=2)
        columns.append(np.exp(-gamma * squared) @ coefficients[0] + intercept)
    return np.stack(columns, axis=1)


@pytest.mark.parametrize("class_weight", ["none", "balanced"])
@pytest.mark.parametrize("gamma", ["scale", "auto", 0.03])
def test_scores_agree_with_the_kernel_sum(class_weight, gamma):
    features, labels = blobs()
    settings = TrainingSettings(svm_gamma=gamma, svm_c=3.0, class_weight=class_weight)
    head = SvmHead(3).fit(features[::2], labels[::2], settings)
    np.testing.assert_allclose(
        head.decision_function(features), rbf_scores(head, features), atol=1e-9
    )


def test_gamma_scale_is_one_over_width_times_variance():
    features, labels = blobs()
    head = SvmHead(3).fit(features, labels, SETTINGS)
    scaled = (features - features.mean(0)) / features.std(0)
    assert head.support_arrays()[3][0] == pytest.approx(1 / (features.shape[1] * scaled.var()))


def test_separable_classes_are_learnt_whatever_their_scale():
    features, labels = blobs()
    head = SvmHead(3).fit(features, labels, SETTINGS)
    assert np.mean(head.predict(features) == labels) > 0.95
    np.testing.assert_allclose(head.scaler_mean, features.mean(0))
    np.testing.assert_allclose(head.scaler_scale, features.std(0))


def test_there_is_one_machine_per_class_not_per_pair():
    features, labels = blobs(classes=5)
    assert len(SvmHead(5).fit(features, labels, SETTINGS).support_arrays()) == 4 * 5


def test_balanced_weights_favour_the_rare_class():
    generator = np.random.default_rng(1)
    features, labels = generator.normal(size=(100, 2)), (np.arange(100) >= 90).astype(int)
    features[labels == 1] += 0.8
    found = {
        weight: SvmHead(2).fit(features, labels, TrainingSettings(class_weight=weight))
        for weight in ("none", "balanced")
    }
    rare = {weight: head.predict(features).sum() for weight, head in found.items()}
    assert rare["balanced"] > rare["none"]


def test_two_classes_get_two_opposite_columns():
    features, labels = blobs(classes=2)
    scores = SvmHead(2).fit(features, labels, SETTINGS).decision_function(features)
    assert scores.shape == (40, 2)
    np.testing.assert_array_equal(scores[:, 0], -scores[:, 1])


@pytest.mark.parametrize("kept", [(0, 1), (0, 2), (1, 2), (1, 3), (0, 2, 3)])
def test_a_class_without_training_clips_has_a_score_but_is_never_predicted(kept):
    features, labels = blobs(classes=4)
    seen = np.isin(labels, kept)
    head = SvmHead(4).fit(features[seen], labels[seen], SETTINGS)
    scores = head.decision_function(features)
    assert scores.shape == (80, 4)
    assert np.isfinite(scores).all()
    unseen = [c for c in range(4) if c not in kept]
    np.testing.assert_array_equal(
        scores[:, unseen], np.repeat(scores[:, kept].min(1, keepdims=True) - 1, len(unseen), 1)
    )
    assert set(head.predict(features)) <= set(kept)
    assert np.mean(head.predict(features[seen]) == labels[seen]) > 0.95


def test_a_single_class_in_training_is_always_predicted():
    features, _ = blobs()
    head = SvmHead(3).fit(features, np.full(60, 1), SETTINGS)
    np.testing.assert_array_equal(head.decision_function(features), [[-1.0, 0.0, -1.0]] * 60)
    assert set(head.predict(features)) == {1}
    assert head.support_arrays() == ()


def test_equal_scores_go_to_the_lowest_class(monkeypatch):
    features, labels = blobs()
    head = SvmHead(3).fit(features, labels, SETTINGS)
    tied = np.array([[1.0, 2.0, 2.0], [3.0, 0.0, 3.0]])
    monkeypatch.setattr(head, "decision_function", lambda _: tied)
    np.testing.assert_array_equal(head.predict(features[:2]), [1, 0])


def test_constant_features_do_no_harm():
    features, labels = blobs()
    features[:, 3] = 7.0
    head = SvmHead(3).fit(features, labels, SETTINGS)
    assert head.scaler_scale[3] == 1.0
    assert np.isfinite(head.decision_function(features)).all()


def test_the_number_of_classes_defaults_to_the_labels():
    features, labels = blobs()
    assert SvmHead().fit(features, labels, SETTINGS).classes == 3


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_features_that_are_not_finite_are_refused(bad):
    features, labels = blobs()
    head = SvmHead(3).fit(features, labels, SETTINGS)
    features[7, 2] = bad
    with pytest.raises(InvalidInputError, match="row 7"):
        SvmHead(3).fit(features, labels, SETTINGS)
    with pytest.raises(InvalidInputError, match="row 7"):
        head.decision_function(features)


@pytest.mark.parametrize(
    ("features", "labels", "message"),
    [
        (np.zeros((4, 0)), np.zeros(4, int), "neither of them 0"),
        (np.zeros((0, 3)), np.zeros(0, int), "neither of them 0"),
        (np.zeros(4), np.zeros(4, int), "shape"),
        (np.full((4, 2), "x"), np.zeros(4, int), "numbers"),
        (np.zeros((4, 2)), np.zeros(3, int), "4 whole numbers"),
        (np.zeros((4, 2)), np.zeros(4), "whole numbers"),
        (np.zeros((4, 2)), np.array([0, 1, 2, 3]), "between 0 and 2"),
        (np.zeros((4, 2)), np.array([0, 1, 2, -1]), "between 0 and 2"),
    ],
)
def test_bad_training_data_is_refused(features, labels, message):
    with pytest.raises(InvalidInputError, match=message):
        SvmHead(3).fit(features, labels, SETTINGS)


def test_an_unfitted_head_and_another_width_are_refused(tmp_path):
    features, labels = blobs()
    for use in (lambda head: head.predict(features), lambda head: head.save(tmp_path / "h")):
        with pytest.raises(InvalidInputError, match="not fitted"):
            use(SvmHead())
    with pytest.raises(InvalidInputError, match="expected 8 features"):
        SvmHead(3).fit(features, labels, SETTINGS).predict(features[:, :5])
    with pytest.raises(InvalidInputError, match="positive"):
        SvmHead(0)


@pytest.mark.parametrize("kept", [(0, 1, 2), (0, 2), (1,)])
def test_a_saved_head_comes_back_the_same(tmp_path, kept):
    features, labels = blobs()
    seen = np.isin(labels, kept)
    head = SvmHead(3).fit(features[seen], labels[seen], SETTINGS)
    head.save(tmp_path / "head.skops")
    back = SvmHead.load(tmp_path / "head.skops")
    assert back.classes == 3
    np.testing.assert_array_equal(
        back.decision_function(features), head.decision_function(features)
    )


def test_a_file_with_a_foreign_type_is_refused_before_it_is_built(tmp_path):
    import skops.io

    from astsvm.clip import Clip

    foreign = Clip("folder", "s1", "c1", "happy", tmp_path)
    path = tmp_path / "head.skops"
    path.write_bytes(skops.io.dumps({"format": "astsvm-svm-head", "scaler": foreign}))
    with pytest.raises(StorageError, match=r"astsvm\.clip\.Clip"):
        SvmHead.load(path)


@pytest.mark.parametrize(
    "content", [b"", b"not a zip", b"PK\x03\x04rest", None], ids=["empty", "text", "cut", "zip"]
)
def test_a_foreign_file_is_refused(tmp_path, content):
    path = tmp_path / "head.skops"
    if content is None:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("schema.json", json.dumps({"a": 1}))
    else:
        path.write_bytes(content)
    with pytest.raises(StorageError, match="SVM head"):
        SvmHead.load(path)


def test_a_missing_file_and_a_cut_file_are_refused(tmp_path):
    with pytest.raises(StorageError, match="cannot be read"):
        SvmHead.load(tmp_path / "nothing")
    features, labels = blobs()
    path = tmp_path / "head.skops"
    SvmHead(3).fit(features, labels, SETTINGS).save(path)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(StorageError, match="foreign or damaged"):
        SvmHead.load(path)


def _shorter_coefficients(parts):
    machine = parts["machines"].estimators_[0]
    machine._dual_coef_ = machine._dual_coef_[:, :-1]


def _narrower_scaler(parts):
    parts["scaler"].mean_ = parts["scaler"].mean_[:-1]


def _change(name, change):
    """Change an attribute of the first machine."""

    def apply(parts):
        machine = parts["machines"].estimators_[0]
        setattr(machine, name, change(getattr(machine, name)))

    return apply


def _without(name):
    return lambda parts: delattr(parts["machines"].estimators_[0], name)


def _scaler(name, change):
    def apply(parts):
        setattr(parts["scaler"], name, change(getattr(parts["scaler"], name)))

    return apply


DAMAGE = {
    "other format": lambda parts: parts.update(format="x"),
    "newer version": lambda parts: parts.update(format_version=2),
    "no scaler": lambda parts: parts.pop("scaler"),
    "no machines": lambda parts: parts.update(machines=None),
    "text classes": lambda parts: parts.update(classes="3"),
    "too few classes": lambda parts: parts.update(classes=2),
    "listed classes": lambda parts: parts.update(seen=[0, 1, 2]),
    "no seen": lambda parts: parts.update(seen=np.empty(0, np.int64)),
    "short coefficients": _shorter_coefficients,
    "narrow scaler": _narrower_scaler,
    "very many classes": lambda parts: parts.update(classes=10**9),
    "sparse": _change("_sparse", lambda _: True),
    "infinite gamma": _change("_gamma", lambda _: float("inf")),
    "no intercept": _change("_intercept_", lambda old: old * np.nan),
    "small floats": _change("support_vectors_", lambda old: old.astype(np.float32)),
    "columns first": _change("support_vectors_", np.asfortranarray),
    "long counts": _change("_n_support", lambda old: old.astype(np.int64)),
    "other machine": _change("_impl", lambda _: "epsilon_svr"),
    "no class list": _without("classes_"),
    "no probabilities": _without("_probA"),
    "means that are none": _scaler("mean_", lambda old: old * np.nan),
    "means of text": _scaler("mean_", lambda old: old.astype(str)),
    "endless scale": _scaler("scale_", lambda old: old * np.inf),
    "other width": _scaler("n_features_in_", lambda old: old - 1),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_head_whose_parts_do_not_fit_is_refused(tmp_path, damage):
    import skops.io

    features, labels = blobs()
    path = tmp_path / "head.skops"
    SvmHead(3).fit(features, labels, SETTINGS).save(path)
    parts = skops.io.load(path, trusted=[])
    DAMAGE[damage](parts)
    path.write_bytes(skops.io.dumps(parts))
    with pytest.raises(StorageError, match="SVM head"):
        SvmHead.load(path)


def test_equal_heads_have_equal_bytes_whenever_and_wherever_they_were_made(monkeypatch):
    features, labels = blobs()
    first = SvmHead(3).fit(features, labels, SETTINGS).to_bytes()
    # Other addresses in memory, and another moment.
    kept = [bytearray(1000) for _ in range(1000)]
    monkeypatch.setattr("time.localtime", lambda *_: (2031, 2, 3, 4, 5, 6, 0, 0, 0))
    assert SvmHead(3).fit(features, labels, SETTINGS).to_bytes() == first
    assert len(kept) == 1000
    assert SvmHead(3).fit(features[1:], labels[1:], SETTINGS).to_bytes() != first
    again = SvmHead.from_bytes(first)
    assert again.to_bytes() == first


def test_a_compressed_head_is_refused():
    import io

    features, labels = blobs()
    data = SvmHead(3).fit(features, labels, SETTINGS).to_bytes()
    squeezed = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as source,
        zipfile.ZipFile(squeezed, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            target.writestr(name, source.read(name))
    with pytest.raises(StorageError, match="compressed"):
        SvmHead.from_bytes(squeezed.getvalue())


@settings(deadline=None, max_examples=60)
@given(place=st.floats(0, 1, exclude_max=True), flip=st.integers(1, 255))
def test_a_flipped_byte_is_refused_or_gives_a_head_that_can_be_used(place, flip):
    data = bytearray(HEAD)
    data[int(place * len(data))] ^= flip
    try:
        head = SvmHead.from_bytes(bytes(data))
    except StorageError:
        return
    scores = head.decision_function(np.zeros((1, 8)))
    assert scores.shape == (1, head.classes)


HEAD = SvmHead(3).fit(*blobs(), SETTINGS).to_bytes()
