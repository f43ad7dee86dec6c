"""The page in a real browser: send a clip, see the answer, on a desk's width and a phone's."""

import json
from urllib.parse import urlsplit

import pytest

from astsvm.cli import main

DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
ANSWER = ".answer, .refusal"


@pytest.fixture
def open_page(browser, app):
    """Open the page as a visitor of its own; what goes wrong in it fails the test."""
    faults, contexts = [], []

    def note(request):
        address = urlsplit(request.url)
        if address.scheme not in ("data", "blob") and f"//{address.netloc}" not in app.url:
            faults.append(f"asked for {request.url}")

    def open_one(size=DESK):
        contexts.append(browser.new_context(viewport=size))
        page = contexts[-1].new_page()
        page.set_default_timeout(60_000)
        page.on("request", note)
        page.on("pageerror", lambda error: faults.append(f"error {error}"))
        page.on("console", lambda told: faults.append(told.text) if told.type == "error" else None)
        page.goto(app.url)
        page.wait_for_selector("#recognise")
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert faults == []


def send(page, video):
    page.set_input_files("#clip-file", video)
    page.click("#recognise")


def fits(page):
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_send_a_clip_and_see_the_answer(open_page, videos, recognizer, size):
    page = open_page(size)
    assert "SYNTHETIC" in page.inner_text("#heading")
    assert fits(page)
    send(page, videos / "up.avi")
    page.wait_for_selector(".answer")
    said = recognizer.predict_source(videos / "up.avi")
    assert page.inner_text(".answer h2") == f"Recognised as: {said.label}"
    assert "SYNTHETIC" in page.inner_text(".notices")
    for image in page.locator(".answer img").all():
        assert image.evaluate("image => image.complete && image.naturalWidth > 0")
    assert fits(page)
    if size is PHONE:  # What is asked for is in sight, though it lies far below.
        assert page.evaluate("document.querySelector('.answer').getBoundingClientRect().top") < 844


def test_move_through_the_frames(open_page, videos):
    page = open_page()
    send(page, videos / "down.avi")
    page.wait_for_selector(".scrubber")

    def shown():
        return page.evaluate(
            "[...document.querySelectorAll('.tiles [data-point]')]"
            ".filter(tile => tile.getClientRects().length).map(tile => tile.dataset.point)"
        )

    assert shown() == ["3"] * 3
    page.locator(".slide input").press("ArrowRight")
    assert shown() == ["4"] * 3
    page.locator(".strip button").first.click()
    assert shown() == ["1"] * 3
    assert page.input_value(".slide input") == "1"
    assert page.inner_text(".slide output") == "1"
    assert page.locator(".nothing:visible").count() == 2
    assert page.get_attribute(".strip button >> nth=0", "aria-current") == "true"


def test_what_is_downloaded_is_what_predict_writes(
    open_page, videos, recognizer, tmp_path, monkeypatch, capsys
):
    page = open_page()
    send(page, videos / "up.avi")
    page.wait_for_selector(".answer")
    got = {}
    for link in page.locator(".downloads a").all():
        with page.expect_download() as coming:
            link.click()
        path = tmp_path / coming.value.suggested_filename
        coming.value.save_as(path)
        got[path.name] = path.read_bytes()
    recognizer.save(tmp_path / "model.astsvm")
    monkeypatch.chdir(videos)
    files = ["--csv", tmp_path / "told.csv", "--picture", tmp_path / "told.png", "--json"]
    with pytest.raises(SystemExit):
        main([*map(str, ["predict", "up.avi", "--model", tmp_path / "model.astsvm", *files])])
    assert got == {
        "up.json": capsys.readouterr().out.encode(),
        "up.csv": (tmp_path / "told.csv").read_bytes(),
        "up.png": (tmp_path / "told.png").read_bytes(),
    }
    assert json.loads(got["up.json"])["synthetic"] is True


def test_a_long_video_has_a_timeline(open_page, videos):
    page = open_page(PHONE)
    send(page, videos / "long.avi")
    page.wait_for_selector(".answer")
    assert page.inner_text(".answer h2") == "2 candidate micro-expressions"
    assert page.locator(".answer tbody tr >> text=mouth").count() == 1
    page.locator("summary").nth(1).click()
    page.locator("details").nth(1).locator(".slide").wait_for(state="visible")
    assert fits(page)


def test_the_same_clip_can_be_asked_about_again(open_page, videos):
    page = open_page()
    page.click("text=Where is the expression?")
    page.get_by_label("Onset, frame from 0").wait_for(state="visible")
    send(page, videos / "up.avi")  # Fields that are shown and empty say nothing.
    page.wait_for_selector(".answer >> text=frames 0 to 7")
    page.get_by_label("Onset, frame from 0").fill("2")
    page.get_by_label("Offset, frame", exact=True).fill("6")
    page.click("#recognise")
    page.wait_for_selector(".answer >> text=frames 2 to 6")


def test_a_dropped_file_is_chosen(open_page):
    page = open_page()
    page.evaluate(
        """() => {
            const carried = new DataTransfer();
            carried.items.add(new File(["x"], "dropped.avi"));
            document.querySelector(".drop").dispatchEvent(
                new DragEvent("drop", { dataTransfer: carried, bubbles: true, cancelable: true }));
        }"""
    )
    assert "dropped.avi" in page.inner_text(".chosen")
    page.click("#recognise")
    page.wait_for_selector(".refusal >> text=dropped.avi")


def test_what_cannot_be_answered_is_told(open_page, app, tmp_path):
    page = open_page()
    page.click("#recognise")
    page.wait_for_selector(".refusal >> text=Choose a video first")
    broken = tmp_path / "broken <b>.avi"
    broken.write_bytes(b"no video")
    send(page, broken)
    page.wait_for_selector(".refusal >> text=broken <b>.avi: expected a video")
    large = tmp_path / "large.avi"
    large.write_bytes(b"x" * (app.intake.limits.bytes + 1))
    send(page, large)
    page.wait_for_selector(".refusal >> text=at most 1 MB")
    assert [path for path in app.intake.folder.iterdir() if path.is_file()] == []


def test_a_wrong_kind_of_file_is_told(open_page, tmp_path):
    page = open_page()
    (tmp_path / "notes.txt").write_text("x")
    # The browser writes every refused request into its console; here, one is expected.
    page.route("**/clip?*", lambda route: route.fulfill(status=200, body='{"ticket": "none"}'))
    send(page, tmp_path / "notes.txt")
    page.wait_for_selector(".refusal >> text=the clip is not here")


def test_two_at_once_get_their_own_answers(open_page, videos, recognizer, app):
    names = ["down.avi", "right.avi"]
    pages = [open_page(), open_page(PHONE)]
    for page, name in zip(pages, names, strict=True):
        page.set_input_files("#clip-file", videos / name)
    # The driver is for one thread: both are clicked before either is waited for.
    for page in pages:
        page.evaluate("document.querySelector('#recognise').click()")
    for page, name in zip(pages, names, strict=True):
        page.wait_for_selector(f".answer >> text={name}")
        panel = page.inner_text(".panel-scores")
        for value in recognizer.predict_source(videos / name).scores:
            assert f"{value:.3f}" in panel
    assert [path for path in app.intake.folder.iterdir() if path.is_file()] == []
