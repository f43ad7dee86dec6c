"""Clips lie under names nobody can guess, for one question, and not for long."""

import asyncio
import shutil
import stat
import threading
import time

import pytest

from astsvm.app.intake import BusyError, Intake, StalledError, TooLargeError, checked_name
from astsvm.app.limits import Limits
from astsvm.errors import FrameReadError, InvalidInputError


@pytest.fixture
def intake():
    with Intake(Limits(megabytes=1, waiting=3)) as opened:
        yield opened
    assert not opened.folder.exists()


def receive(intake, name="a.mp4", chunks=(b"abc", b"def")):
    async def stream():
        for chunk in chunks:
            if isinstance(chunk, BaseException):
                raise chunk
            yield chunk

    return asyncio.run(intake.receive(name, stream()))


def test_a_clip_is_there_for_one_question(intake):
    ticket = receive(intake, "Anna 1.MP4")
    with intake.taken(ticket) as clip:
        assert clip.name == "Anna 1.MP4"
        assert clip.path.read_bytes() == b"abcdef"
        assert clip.path.parent == intake.folder
        assert clip.path.suffix == ".mp4"
        assert "Anna" not in str(clip.path)
        with pytest.raises(InvalidInputError, match="not here"), intake.taken(ticket):
            pass
    assert list(intake.folder.iterdir()) == []
    with pytest.raises(InvalidInputError, match="Choose it again"), intake.taken(ticket):
        pass


def test_it_goes_even_if_the_question_fails(intake):
    ticket = receive(intake)
    with pytest.raises(ZeroDivisionError), intake.taken(ticket):
        _ = 1 / 0
    assert list(intake.folder.iterdir()) == []


def test_the_folder_is_its_owners_alone(intake):
    assert stat.S_IMODE(intake.folder.stat().st_mode) == 0o700


def test_equal_clips_do_not_share_a_file(intake):
    first, second = receive(intake), receive(intake)
    with intake.taken(first):
        pass
    with intake.taken(second) as clip:
        assert clip.path.read_bytes() == b"abcdef"


@pytest.mark.parametrize("ticket", ["", "/etc/passwd", "../../etc/passwd", "x" * 32])
def test_a_path_is_no_ticket(intake, ticket):
    receive(intake)
    with pytest.raises(InvalidInputError, match="not here"), intake.taken(ticket):
        pass
    assert len(list(intake.folder.iterdir())) == 1


def test_the_path_of_another_clip_is_no_ticket(intake):
    receive(intake)
    (path,) = intake.folder.iterdir()
    for guess in (str(path), path.name):
        with pytest.raises(InvalidInputError, match="not here"), intake.taken(guess):
            pass
    assert path.exists()


def test_half_a_clip_is_not_kept(intake):
    with pytest.raises(TooLargeError, match="too large: the app takes at most 1 MB"):
        receive(intake, chunks=[b"x" * 2**19] * 3)
    with pytest.raises(ConnectionError):
        receive(intake, chunks=[b"x", ConnectionError()])
    assert list(intake.folder.iterdir()) == []


def test_no_more_clips_than_the_limit(intake):
    tickets = [receive(intake) for _ in range(3)]
    with pytest.raises(BusyError, match="Try again"):
        receive(intake)
    with intake.taken(tickets[0]):
        pass
    receive(intake)


def test_a_refused_clip_takes_no_place(intake):
    for _ in range(5):
        with pytest.raises(TooLargeError):
            receive(intake, chunks=[b"x" * 2**21])
    receive(intake)


@pytest.mark.parametrize(
    ("pause", "sending", "each"),
    [(0.2, 1.0, 60.0), (60.0, 0.2 / 60, 0.05)],
    ids=["nothing comes", "it drips"],
)
def test_who_stalls_loses_the_place(pause, sending, each):
    async def endless():
        while True:
            yield b"x"
            await asyncio.sleep(each)

    async def at_once():
        yield b"film"

    async def visit(intake):
        stalled = [asyncio.create_task(intake.receive("a.mp4", endless())) for _ in range(2)]
        await asyncio.sleep(0.05)
        with pytest.raises(BusyError):
            await intake.receive("b.mp4", at_once())
        told = await asyncio.gather(*stalled, return_exceptions=True)
        assert [type(error) for error in told] == [StalledError] * 2
        assert "did not arrive in time" in str(told[0])
        assert list(intake.folder.iterdir()) == []
        return await intake.receive("b.mp4", at_once())

    with Intake(Limits(waiting=2, pause=pause, sending=sending)) as intake:
        began = time.monotonic()
        ticket = asyncio.run(asyncio.wait_for(visit(intake), 10))
        assert time.monotonic() - began < 5
        with intake.taken(ticket) as clip:
            assert clip.path.read_bytes() == b"film"


def test_a_sender_who_is_slow_but_goes_on_is_waited_for():
    async def slow():
        for _ in range(6):
            await asyncio.sleep(0.1)
            yield b"x"

    with Intake(Limits(pause=0.4)) as intake:
        ticket = asyncio.run(intake.receive("a.mp4", slow()))
        with intake.taken(ticket) as clip:
            assert clip.path.read_bytes() == b"xxxxxx"


def test_a_folder_that_was_cleaned_away_is_made_again(intake):
    lost = receive(intake)
    shutil.rmtree(intake.folder)
    ticket = receive(intake)
    assert stat.S_IMODE(intake.folder.stat().st_mode) == 0o700
    with intake.taken(ticket) as clip:
        assert clip.path.read_bytes() == b"abcdef"
    with intake.taken(lost) as clip:
        assert not clip.path.exists()


def test_a_folder_that_others_can_read_gets_no_clip(intake, tmp_path):
    shutil.rmtree(intake.folder)
    intake.folder.mkdir(mode=0o755)
    with pytest.raises(PermissionError, match="somebody else"):
        receive(intake)
    assert list(intake.folder.iterdir()) == []
    intake.folder.rmdir()
    intake.folder.symlink_to(tmp_path)
    with pytest.raises(PermissionError, match="somebody else"):
        receive(intake)
    assert list(tmp_path.iterdir()) == []
    intake.folder.unlink()


def test_what_nobody_asks_about_goes(intake, monkeypatch):
    ticket = receive(intake)
    intake.discard_old()
    assert len(list(intake.folder.iterdir())) == 1
    now = intake._clips[ticket].arrival + 60 * intake.limits.minutes + 1
    monkeypatch.setattr("astsvm.app.intake.time.monotonic", lambda: now)
    intake.discard_old()
    assert list(intake.folder.iterdir()) == []
    with pytest.raises(InvalidInputError, match="15 minutes"), intake.taken(ticket):
        pass


def test_one_ticket_serves_one_of_many_at_once(intake):
    ticket, got = receive(intake), []

    def take():
        try:
            with intake.taken(ticket):
                got.append(True)
        except InvalidInputError:
            got.append(False)

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == [False] * 7 + [True]


@pytest.mark.parametrize(
    ("name", "shown", "suffix"),
    [
        ("a.mp4", "a.mp4", ".mp4"),
        ("../../etc/a.AVI", "a.AVI", ".avi"),
        (r"C:\clips\a.mov", "a.mov", ".mov"),
        ("a\n\x00b.mkv", "a��b.mkv", ".mkv"),
        ("x" * 300 + ".webm", "…" + "x" * 114 + ".webm", ".webm"),
    ],
)
def test_a_name_is_shown_without_its_folders(name, shown, suffix):
    assert checked_name(name) == (shown, suffix)


@pytest.mark.parametrize("name", ["", "a", "a.txt", "a.mp4/", "a.png", ".mp4", "a.m3u8"])
def test_what_is_no_video_by_its_name_is_refused(name):
    if name == "a.mp4/":  # Only its last part counts, and that is a video.
        assert checked_name(name) == ("a.mp4", ".mp4")
        return
    with pytest.raises(FrameReadError, match="expected a video"):
        checked_name(name)
