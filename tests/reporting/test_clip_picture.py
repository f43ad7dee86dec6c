"""The picture of a clip: what stands where, odd names, and places that cannot be written to."""

import itertools
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from matplotlib.text import Text

from astsvm.errors import InvalidInputError, StorageError
from astsvm.reporting.clip_picture import clip_figure, draw_clip
from astsvm.storage.entry import ClipRecord

SETTINGS = {"alignment": "similarity", "magnification": {"alpha": None}}


def collection(
    clip="EP01",
    label="positive",
    frames=3,
    streams=None,
    settings=SETTINGS,
    synthetic=True,
    landmarks=None,
    transform=None,
    **known,
):
    """Stand in for an open collection of one clip: white frames, flow to the right."""
    if streams is None:
        streams = {"flow": np.zeros((2, 16, 16, 2), np.float16)}
        streams["flow"][..., 0] = 1
    places = {"onset": 0, "apex": None, "offset": 99} | known
    record = ClipRecord("folder", "s1", clip, label, **places, fps=29.97002997, sha256="0" * 64)
    return SimpleNamespace(
        records=(record,),
        streams={name: values.shape for name, values in streams.items()},
        synthetic=synthetic,
        settings=settings,
        frames=lambda index: np.full((frames, 16, 16), 255, np.uint8) if frames else None,
        landmarks=lambda index: landmarks,
        transform=lambda index: transform,
        read_batch=lambda stream, indices: streams[stream][None],
    )


def words(figure):
    return [text for text in figure.findobj(Text) if text.get_text().strip()]


def said(clips):
    return "\n".join(text.get_text() for text in words(clip_figure(clips, 0)))


def named_columns(clips):
    """Return the numbers above the columns, and by number what stands below one."""
    texts = [(text.get_position(), text.get_text()) for text in words(clip_figure(clips, 0))]
    numbers = {x: text for (x, _), text in texts if text.isdigit()}
    head = max(y for (_, y), text in texts if text.isdigit())
    named = {
        numbers[x]: text
        for (x, y), text in texts
        if x in numbers and y < head and not text.isdigit()
    }
    return list(numbers.values()), named


def red_columns(path):
    image = cv2.imread(str(path))
    red = (image[..., 2] > 200) & (image[..., 1] < 60) & (image[..., 0] < 60)
    return np.flatnonzero(red.any(axis=0)) / image.shape[1]


def test_a_field_stands_below_the_frame_it_leads_to(tmp_path):
    draw_clip(collection(), 0, tmp_path / "with.png")
    draw_clip(collection(frames=0), 0, tmp_path / "without.png")
    assert red_columns(tmp_path / "with.png").min() > 1 / 3
    assert red_columns(tmp_path / "without.png").min() < 1 / 3


def noise(*shape):
    return np.random.default_rng(0).normal(size=shape).astype(np.float16)


LANDMARKS = {
    "landmarks": np.random.default_rng(4).uniform(20, 60, (68, 2)).astype(np.float32),
    "transform": np.array([[0.2, 0, 0], [0, 0.2, 0]]),
}
DRAWABLE = {
    "eleven frames": {
        "frames": 11,
        "apex": 40,
        "streams": {"flow": noise(10, 16, 16, 2), "idsf": noise(10, 16, 16, 1)},
        "settings": {
            **SETTINGS,
            "illumination": "median",
            "flow": {"head_motion": "median", "reference": "onset"},
        },
        **LANDMARKS,
    },
    "landmarks, few frames": {"onset": None, "offset": None, **LANDMARKS},
    "two frames": {"frames": 2, "apex": 0, "streams": {"idsf": noise(1, 16, 16, 1)}},
    "a flow image": {"frames": 0, "streams": {"flow": noise(1, 28, 28, 3)}, "settings": {}},
    "tiny values": {"streams": {"flow": noise(2, 16, 16, 2) * 1e-4, "idsf": noise(2, 8, 9, 1) * 0}},
    "no annotation": {"onset": None, "offset": None, "frames": 3},
    "another's stream": {"streams": {"a" * 32: noise(2, 16, 16, 3)}},
    "a widest name": {"clip": "W" * 200},
    "more points than fit": {"frames": 1000, "streams": {"idsf": noise(999, 4, 4, 1)}, "apex": 50},
}


@pytest.mark.parametrize("clip", DRAWABLE.values(), ids=DRAWABLE)
def test_nothing_overlaps_and_nothing_is_cut(clip):
    figure = clip_figure(collection(**clip), 0)
    figure.canvas.draw()
    sheet = figure.bbox
    boxes = [(text.get_text(), text.get_window_extent()) for text in words(figure)]
    tiles = [(f"axes {i}", axes.get_window_extent()) for i, axes in enumerate(figure.axes)]
    inside = {id(text) for axes in figure.axes for text in axes.texts}
    free = [
        (text.get_text(), text.get_window_extent())
        for text in words(figure)
        if id(text) not in inside
    ]
    for name, box in boxes + tiles:
        assert sheet.x0 <= box.x0 and box.x1 <= sheet.x1, name
        assert sheet.y0 <= box.y0 and box.y1 <= sheet.y1, name
    for (one, first), (other, second) in [
        *itertools.combinations(boxes, 2),
        *itertools.combinations(tiles, 2),
        *itertools.product(free, tiles),
    ]:
        assert not first.overlaps(second), (one, other)


@pytest.mark.parametrize(
    ("known", "names"),
    [
        ({"onset": 7, "apex": 18, "offset": 33}, {"1": "onset", "5": "apex", "11": "offset"}),
        ({"onset": 7, "apex": 8, "offset": 33}, {"1": "onset, apex", "11": "offset"}),
        ({"onset": 7, "apex": 33, "offset": 33}, {"1": "onset", "11": "offset, apex"}),
        ({"onset": 7, "apex": None, "offset": 33}, {"1": "onset", "11": "offset"}),
        ({"onset": 7, "apex": 40, "offset": 33}, {"1": "onset", "11": "offset"}),
        ({"onset": None, "apex": 18, "offset": None}, {"1": "first", "11": "last"}),
    ],
)
def test_frames_are_numbered_and_the_apex_is_named_where_it_is_known(known, names):
    numbers, named = named_columns(
        collection(frames=11, streams={"idsf": noise(10, 4, 4, 1)}, **known)
    )
    assert numbers == [str(number) for number in range(1, 12)]
    assert named == names


def test_of_very_many_points_the_ends_and_the_apex_are_drawn():
    clips = collection(**DRAWABLE["more points than fit"])
    numbers, named = named_columns(clips)
    assert len(numbers) == 25
    assert named == {"1": "onset", "506": "apex", "1000": "offset"}
    assert "25 of them drawn" in said(clips)


def test_a_flow_image_names_its_panels_and_no_point_of_time():
    text = said(collection(**DRAWABLE["a flow image"]))
    for words_of_panel in ("u: red (> 0) to the right", "v: red (> 0) downwards", "strain: red"):
        assert words_of_panel in text
    assert "onset," not in text.replace("from onset to apex,", "")


def test_every_kind_of_image_has_its_key():
    text = said(collection(**DRAWABLE["eleven frames"]))
    for key in ("right", "left", "up", "down", "brighter than frame 1", "darker than frame 1"):
        assert key in text
    assert "px\nor more" in text
    assert "px per step\nor more" in said(collection())


@pytest.mark.parametrize(
    ("settings", "present", "absent"),
    [
        (SETTINGS | {"flow": {"head_motion": "median"}}, "own motion is taken off", "contains"),
        (SETTINGS | {"flow": {"head_motion": "none"}}, "contains the head's own", "taken off"),
        ({"magnification": {"alpha": 0}}, "not magnified", "aligned"),
        ({"alignment": "none"}, "resized", "magnified"),
        ({"flow": "of another program"}, "Frames 1 to 3: stored", "own motion"),
    ],
)
def test_the_small_print_says_what_the_settings_say(settings, present, absent):
    text = said(collection(settings=settings)).replace("\n", " ")
    assert present in text
    assert absent not in text


def test_motion_is_shown_as_arrows_as_strain_and_over_time():
    text = said(collection(**DRAWABLE["eleven frames"]))
    for heading in ("flow as arrows", "optical strain", "mean motion, px", "mean strain, %"):
        assert heading in text
    for panel in ("with 68 landmarks", "strongest motion", "apex", "offset"):
        assert panel in text
    without = said(collection(streams={"idsf": noise(2, 16, 16, 1)}))
    for heading in ("arrows", "strain", "landmarks", "mean motion"):
        assert heading not in without


def test_a_curve_has_its_points_below_the_columns():
    clips = collection(**DRAWABLE["eleven frames"])
    figure = clip_figure(clips, 0)
    numbers = {
        text.get_text(): text.get_position()[0]
        for text in words(figure)
        if text.get_text().isdigit()
    }
    curves = [axes for axes in figure.axes for line in axes.lines if len(line.get_xdata()) == 10]
    assert len(curves) == 2
    for axes in curves:
        line = next(line for line in axes.lines if len(line.get_xdata()) == 10)
        places = axes.transData.transform(np.column_stack(line.get_data()))[:, 0]
        expected = [numbers[str(number)] * figure.bbox.width for number in range(2, 12)]
        np.testing.assert_allclose(places, expected, atol=0.5)


@pytest.mark.parametrize("synthetic", [True, False])
def test_only_synthetic_clips_are_marked(synthetic):
    assert ("SYNTHETIC" in said(collection(synthetic=synthetic))) is synthetic


@pytest.mark.parametrize(
    ("clip", "label"), [("co$t_$5^{", "a$b$c"), ("顔", "幸せ"), ("c", "L" * 31_000)]
)
def test_any_name_a_clip_may_have_is_drawn_in_silence(tmp_path, capfd, clip, label):
    draw_clip(collection(clip, label), 0, tmp_path / "a.png")
    assert cv2.imread(str(tmp_path / "a.png")) is not None
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("suffix", "start"), [(".png", b"\x89PNG"), (".pdf", b"%PDF"), (".SVG", b"<?xml")]
)
def test_equal_clips_give_equal_files_of_every_kind(tmp_path, suffix, start):
    one, other = tmp_path / f"a{suffix}", tmp_path / f"b{suffix}"
    for path in (one, other):
        draw_clip(collection(), 0, path)
    assert one.read_bytes().startswith(start)
    assert one.read_bytes() == other.read_bytes()


def test_another_kind_of_file_is_refused(tmp_path):
    with pytest.raises(InvalidInputError, match=r"\.png, \.pdf or \.svg, received '\.gif'"):
        draw_clip(collection(), 0, tmp_path / "a.gif")
    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_to_is_named(tmp_path):
    with pytest.raises(StorageError, match=r"missing.*cannot be written.*check that the folder"):
        draw_clip(collection(), 0, tmp_path / "missing" / "a.png")
