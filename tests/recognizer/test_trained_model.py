"""Network and SVM of a bundle against an independent computation, and parts that do not fit."""

import io
import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from astsvm.classifier import SvmHead
from astsvm.errors import InvalidInputError, StorageError
from astsvm.recognizer.bundle import Bundle
from astsvm.recognizer.recognizer import Recognizer
from astsvm.recognizer.trained_model import TrainedModel
from astsvm.storage.sealed_archive import pack_archive


@pytest.fixture(scope="module")
def model(bundle):
    return TrainedModel(bundle)


@pytest.fixture(scope="module")
def clips():
    generator = np.random.default_rng(0)
    shapes = {"flow": (5, 4, 32, 32, 2), "idsf": (5, 4, 32, 32, 1)}
    return {name: generator.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}


def test_scores_are_the_svm_on_the_features_of_the_packed_network(bundle, model, clips, tmp_path):
    import keras

    (tmp_path / "network.keras").write_bytes(bundle.network)
    network = keras.saving.load_model(tmp_path / "network.keras")
    outputs = keras.Model(network.input, [network.get_layer("features").output, network.output])
    half = {name: values.astype(np.float16) for name, values in clips.items()}
    features, softmax = outputs.predict_on_batch(half)
    found = model.decide(half)
    np.testing.assert_allclose(found.features, features, atol=1e-5)
    np.testing.assert_allclose(found.softmax, softmax, atol=1e-6)
    head = SvmHead.from_bytes(bundle.classifier)
    np.testing.assert_allclose(found.scores, head.decision_function(features), atol=1e-5)
    np.testing.assert_array_equal(found.classes, found.scores.argmax(axis=1))
    assert found.probabilities is None


def test_clips_are_not_rounded_to_float16(model, clips):
    little = {name: values * np.float32(1 + 1e-5) for name, values in clips.items()}
    half, other = ({n: v.astype(np.float16) for n, v in c.items()} for c in (clips, little))
    assert np.mean(half["flow"] == other["flow"]) > 0.95
    assert (model.decide(clips).features != model.decide(little).features).any(axis=1).all()
    assert model.checked(half)["flow"].dtype == np.float32


def test_what_is_said_of_a_clip_does_not_depend_on_its_company(model, clips):
    together = model.decide(clips)
    for index in (0, 3):
        alone = model.decide({name: values[[index]] for name, values in clips.items()})
        np.testing.assert_array_equal(alone.scores[0], together.scores[index])
        np.testing.assert_array_equal(alone.softmax[0], together.softmax[index])


def test_attention_is_relative_to_its_mean(model, clips):
    attention, motion = model.look({name: values[:1] for name, values in clips.items()})
    assert set(attention) == {"flow", "flow_frames", "idsf", "idsf_frames"}
    for values in attention.values():
        assert float(values.astype(np.float64).mean()) == pytest.approx(1, abs=0.01)
    magnitude = np.abs(clips["flow"][0].astype(np.float16).astype(float)).mean(axis=(0, 3))
    np.testing.assert_allclose(motion["flow"], magnitude, atol=2e-3)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda c: {"flow": c["flow"]}, "idsf is missing"),
        (lambda c: {**c, "flow": c["flow"][:, :3]}, r"\(n, 4, 32, 32, 2\)"),
        (lambda c: {**c, "flow": c["flow"][0]}, r"\(n, 4, 32, 32, 2\)"),
        (lambda c: {**c, "flow": c["flow"][:0]}, "received float32 of shape"),
        (lambda c: {**c, "flow": c["flow"].astype(int)}, "floating-point"),
        (lambda c: {**c, "flow": c["flow"] * np.nan}, "NaN"),
        (lambda c: {**c, "flow": c["flow"] * 1e6}, "beyond float16"),
        (lambda c: {**c, "flow": c["flow"][:2]}, "same number of clips"),
    ],
)
def test_clips_that_the_model_does_not_take_are_refused(model, clips, change, says):
    with pytest.raises(InvalidInputError, match=says):
        model.decide(change(clips))


def resealed(bundle, **parts):
    fields = {name: getattr(bundle, name) for name in ("settings", "network", "classifier", "card")}
    return Bundle.sealed(parts.pop("manifest", bundle.manifest), **{**fields, **parts})


def not_loaded(bundle, tmp_path):
    """Load a bundle from a file; it must be refused in one line."""
    path = tmp_path / "model.astsvm"
    bundle.write(path)
    with pytest.raises(StorageError) as refusal:
        Recognizer.load(path)
    assert str(refusal.value).startswith(f"{path}: expected a model")
    assert "\n" not in str(refusal.value)
    return str(refusal.value)


def test_a_network_larger_than_its_file_is_not_built(bundle, tmp_path):
    large = bundle.settings.network.replace(filters=(10**6, 10**6))
    forged = resealed(bundle, settings=bundle.settings.replace(network=large))
    assert "a larger network than it holds" in not_loaded(forged, tmp_path)


def test_parts_of_different_models_are_refused(bundle, make_bundle, tmp_path, small_settings):
    network = small_settings.network
    other = make_bundle(small_settings.replace(network=network.replace(filters=(3, 3))))
    assert "network.keras: its weights are not" in not_loaded(
        resealed(bundle, network=other.network), tmp_path
    )
    assert "its SVM is for other classes or another network" in not_loaded(
        resealed(bundle, classifier=other.classifier), tmp_path
    )
    narrow = replace(bundle).settings.replace(network=network.replace(streams=("flow",)))
    assert "different streams" in not_loaded(resealed(bundle, settings=narrow), tmp_path)
    four = bundle.manifest.replace(class_names=("a", "b", "c", "d"))
    assert "not those of this network" in not_loaded(resealed(bundle, manifest=four), tmp_path)


@pytest.mark.parametrize(
    "change", [{"size": 48}, {"length": 9}, {"flow": {"zero_first": True, "window": 9}}]
)
def test_settings_that_make_other_streams_than_the_network_takes_are_refused(
    bundle, tmp_path, change
):
    other = bundle.settings.preprocessing.replace(**change)
    forged = resealed(bundle, settings=bundle.settings.replace(preprocessing=other))
    assert "its settings make flow of shape" in not_loaded(forged, tmp_path)


def test_settings_of_preprocessing_mean_nothing_for_flow_images(bundle, tmp_path):
    data = bundle.manifest.data.replace(precomputed_flow="flow_images")
    other = bundle.settings.preprocessing.replace(size=48)
    elsewhere = resealed(
        bundle,
        manifest=bundle.manifest.replace(data=data),
        settings=bundle.settings.replace(preprocessing=other),
    )
    elsewhere.write(tmp_path / "model.astsvm")
    assert Recognizer.load(tmp_path / "model.astsvm").streams == dict(data.streams)


def test_an_answer_that_is_no_number_is_refused(bundle, clips):
    model = TrainedModel(bundle)
    machine = model.svm._estimators()[1]
    # Finite, as a file's must be, but with kernels of 1 their sum is not.
    machine._dual_coef_[:] = np.finfo(np.float64).max
    machine._gamma = 1e-300
    with np.errstate(all="ignore"), pytest.raises(StorageError, match="expected finite scores"):
        model.decide(clips)


def test_code_in_a_sealed_bundle_is_not_run(bundle, tmp_path):
    """Types of their own in either file, sealed with the right checksums."""
    with zipfile.ZipFile(io.BytesIO(bundle.network)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    marker = tmp_path / "ran"
    members["config.json"] = json.dumps(
        {"module": "pathlib", "class_name": "Path.touch", "config": {"path": str(marker)}}
    ).encode()
    (tmp_path / "model.astsvm").write_bytes(
        resealed(bundle, network=pack_archive(members)).to_bytes()
    )
    Recognizer.load(tmp_path / "model.astsvm")
    with zipfile.ZipFile(io.BytesIO(bundle.classifier)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    schema = json.loads(members["schema.json"])
    schema["content"]["scaler"] |= {"__module__": "pathlib", "__class__": "Path"}
    members["schema.json"] = json.dumps(schema).encode()
    forged = resealed(bundle, classifier=pack_archive(members))
    assert "types that an SVM head never holds: pathlib.Path" in not_loaded(forged, tmp_path)
    assert not marker.exists()


def test_a_compressed_classifier_is_refused(bundle, tmp_path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", bytes(10**7))
    forged = resealed(bundle, classifier=buffer.getvalue())
    assert "compressed" in not_loaded(forged, tmp_path)
