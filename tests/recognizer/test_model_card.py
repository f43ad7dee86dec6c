"""The model card says what has to be said, and nothing that was not measured."""

import pytest

from astsvm.recognizer.manifest import HeadFigures, RunRecord
from astsvm.recognizer.model_card import model_card

FIGURES = HeadFigures(
    uf1=0.7126,
    uar=0.7,
    accuracy=0.75,
    uf1_ci95=(0.6, 0.8),
    uar_ci95=None,
    accuracy_ci95=None,
)
RUN = RunRecord(
    predictions_sha256="0" * 64,
    evaluation="SDE",
    seeds=(1, 2),
    clips=12,
    subjects=4,
    svm=FIGURES,
    softmax=FIGURES.replace(uf1=0.5),
    floors={"majority": 0.222, "permuted": 0.33},
)


@pytest.fixture
def card(bundle):
    def make(settings=bundle.settings, **changes):
        return model_card(bundle.manifest.replace(**changes), settings)

    return make


def test_the_bundle_holds_its_own_card(bundle):
    assert bundle.card == model_card(bundle.manifest, bundle.settings)


def test_what_was_not_measured_is_said(card):
    assert "Not measured" in card()
    assert "UF1 |" not in card()


def test_figures_stand_with_intervals_and_floors(card):
    text = card(run=RUN)
    assert "| SVM, which decides | 0.713 [0.600, 0.800] | 0.700 | 0.750 |" in text
    assert "majority 0.222, permuted 0.330" in text
    assert "means over 2 seeds" in text
    assert "Not measured" not in text


def test_synthetic_is_said_at_the_top_and_only_where_it_is_so(card):
    assert "SYNTHETIC" in "\n".join(card().splitlines()[:4])
    assert "SYNTHETIC" not in card(synthetic=False)
    assert "databases of faces mostly forbid passing it on" in card(synthetic=False)


def test_limits_are_always_said(card):
    for text in (card(), card(synthetic=False)):
        assert "not a lie detector" in text.replace("\n", " ")
        assert "4 of 4 subjects" not in text
        assert "12 clips of 4 subjects" in text


def test_the_landmark_licence_is_said_where_the_file_is_used(card, bundle):
    preprocessing = bundle.settings.preprocessing
    assert "iBUG" not in card()  # these frames are cropped already
    aligned = preprocessing.replace(alignment="similarity")
    assert "iBUG 300-W" in card(bundle.settings.replace(preprocessing=aligned))
    five = aligned.replace(landmark_model="5")
    assert "iBUG" not in card(bundle.settings.replace(preprocessing=five))


def test_a_class_without_clips_is_named(card, bundle):
    counts = {"negative": 6, "positive": 6, "surprise": 0}
    data = bundle.manifest.data.replace(clips_by_class=counts)
    assert "never recognised: surprise" in card(data=data)
