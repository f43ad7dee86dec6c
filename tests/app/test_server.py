"""The app as it is served: answers, refusals, limits, and nothing left behind."""

import errno
import os
import shutil
import socket
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from astsvm.app import AppServer, Limits
from astsvm.app.server import is_local
from astsvm.errors import InvalidInputError

PLAIN = ["", "", "", "", False]


def listing(folder):
    """List the files in a folder, at any depth, and empty folders that are not gradio's own."""
    own = {folder / "gradio", folder / "gradio" / "vibe_edit_history"}
    return set(Path(folder).rglob("*")) - own


def test_a_clip_is_answered(visitor, videos, recognizer):
    page = visitor.answer(videos / "up.avi", name="anna.avi", fields=("1", "6", "", False))
    said = recognizer.predict_source(videos / "up.avi", 1, 6)
    assert f"Recognised as: {said.label}" in page
    assert "anna.avi, frames 1 to 6, 50 frames per second" in page
    for value in said.scores:
        assert f">{value:.3f}<" in page


def test_a_long_video_is_answered(visitor, videos):
    assert "2 candidate micro-expressions" in visitor.answer(videos / "long.avi")


def test_an_example_is_drawn_and_answered(visitor, monkeypatch):
    from astsvm.app import examples

    monkeypatch.setattr(examples, "_SIZE", (320, 240))
    page = visitor.ask(["SYNTHETIC clip: positive"], "example")
    assert "SYNTHETIC clip: positive, frames 0 to" in page
    assert "Planted: positive." in page


def test_an_example_of_somebodys_own_is_none(visitor):
    import httpx

    session = "s" * 11
    # The page's own check of its choices may refuse it before ours does.
    joined = visitor.join(["/etc/passwd"], "example", session)
    assert joined.status_code == 200
    told = {"session_hash": session}
    with visitor.client.stream("GET", "/gradio_api/queue/data", params=told) as stream:
        assert isinstance(stream, httpx.Response)
        text = "".join(stream.iter_text())
    assert "Recognised" not in text
    assert "root:" not in text


def test_each_of_two_at_once_gets_their_own_answer(app, visit, videos, recognizer):
    names = ["down.avi", "up.avi", "right.avi", "up.avi"]

    def ask(number):
        with visit(app) as one:
            return one.answer(videos / names[number], name=f"mine-{number}.avi")

    with ThreadPoolExecutor(len(names)) as pool:
        pages = list(pool.map(ask, range(len(names))))
    for number, page in enumerate(pages):
        assert [other for other in range(len(names)) if f"mine-{other}.avi" in page] == [number]
        for value in recognizer.predict_source(videos / names[number]).scores:
            assert f">{value:.3f}<" in page


def test_one_question_at_a_time_is_answered(app, visit, videos, monkeypatch):
    from astsvm.app import desk

    running, most, answer = [], [], desk.answer_clip

    def counted(*arguments):
        running.append(1)
        most.append(len(running))
        time.sleep(0.1)
        found = answer(*arguments)
        running.pop()
        return found

    monkeypatch.setattr(desk, "answer_clip", counted)

    def ask(_):
        with visit(app) as one:
            return one.answer(videos / "up.avi")

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(ask, range(3)))
    assert most == [1, 1, 1]


def test_who_comes_when_the_queue_is_full_is_told(app, visit, videos, monkeypatch):
    from astsvm.app import desk

    free, answer = threading.Event(), desk.answer_clip

    def waiting(*arguments):
        assert free.wait(30)
        return answer(*arguments)

    monkeypatch.setattr(desk, "answer_clip", waiting)
    most = app.intake.limits.waiting
    with visit(app) as one:
        sent = [one.send(videos / "up.avi") for _ in range(most + 1)]
        assert [response.status_code for response in sent] == [200] * most + [503]
        assert "Try again" in sent[-1].json()["reason"]
        sessions = [f"full{number}" for number in range(most)]
        for response, session in zip(sent, sessions, strict=False):
            one.join([response.json()["ticket"], *PLAIN], session=session)
        free.set()
        for session in sessions:
            told = {"session_hash": session}
            with one.client.stream("GET", "/gradio_api/queue/data", params=told) as stream:
                assert "Recognised as" in "".join(stream.iter_text())
    assert listing(app.intake.folder) == set()


@pytest.mark.parametrize(
    ("name", "told"),
    [("a.txt", "expected a video"), ("", "expected a video"), ("a.m3u8", "expected a video")],
)
def test_what_is_no_video_is_not_taken(visitor, videos, name, told):
    response = visitor.client.post("/clip", params={"name": name}, content=b"x")
    assert response.status_code == 400
    assert told in response.json()["reason"]


@pytest.mark.parametrize("stated", [True, False])
def test_a_file_that_is_too_large_is_not_taken(app, visitor, stated):
    content = b"x" * (2**20 + 1)
    sent = content if stated else (content[at : at + 2**16] for at in range(0, len(content), 2**16))
    response = visitor.client.post("/clip", params={"name": "a.avi"}, content=sent)
    assert response.status_code == 413
    assert "at most 1 MB" in response.json()["reason"]
    assert listing(app.intake.folder) == set()


def test_a_stalled_upload_is_told_and_makes_room(recognizer, serve, visit, videos):
    limits = Limits(waiting=1, pause=1.0)
    with serve(recognizer, limits=limits) as server, visit(server) as one:
        address = ("127.0.0.1", int(server.url.rpartition(":")[2]))
        with socket.create_connection(address, timeout=20) as stalled:
            stalled.sendall(
                b"POST /clip?name=a.avi HTTP/1.1\r\nHost: localhost\r\n"
                b"Content-Length: 1000\r\n\r\nx"
            )
            told = b"".join(iter(lambda: stalled.recv(4096), b""))
        assert told.startswith(b"HTTP/1.1 408 ")
        assert b"did not arrive in time" in told
        assert listing(server.intake.folder) == set()
        assert one.send(videos / "up.avi").status_code == 200


@pytest.mark.parametrize(
    ("number", "status"), [(errno.ENOSPC, 507), (errno.EDQUOT, 507), (errno.EROFS, 503)]
)
def test_a_disk_that_takes_no_clip_is_told(app, visitor, videos, monkeypatch, number, status):
    async def refused(*_):
        raise OSError(number, os.strerror(number), str(app.intake.folder))

    monkeypatch.setattr(app.intake, "_write", refused)
    response = visitor.send(videos / "up.avi")
    assert response.status_code == status
    reason = response.json()["reason"]
    assert reason.startswith(f"The clip cannot be stored here: {os.strerror(number)}.")
    assert str(app.intake.folder) not in reason
    assert listing(app.intake.folder) == set()


def test_a_folder_that_was_cleaned_away_is_no_end(recognizer, serve, visit, videos):
    with serve(recognizer) as server, visit(server) as one:
        lost = one.send(videos / "up.avi").json()["ticket"]
        shutil.rmtree(server.intake.folder)
        assert "There is no answer" in one.ask([lost, *PLAIN])
        assert "Recognised as" in one.answer(videos / "up.avi")


def test_a_clip_that_is_too_long_is_told(visitor, write_video, long_take, tmp_path):
    path = write_video(tmp_path / "longer.avi", long_take.frames[:90, :32, :32], 5)
    page = visitor.answer(path)
    assert "longer.avi" not in page or "too long" in page
    assert "too long: expected at most 50 frames at 5 frames per second" in page


def test_what_cannot_be_read_is_told_by_its_own_name(visitor, tmp_path):
    path = tmp_path / "broken.avi"
    path.write_bytes(b"no video at all")
    page = visitor.answer(path, name="anna.avi")
    assert "There is no answer" in page
    assert "anna.avi: expected a video" in page
    assert "astsvm-app-" not in page


def test_no_face_is_told_clearly(face_recognizer, serve, visit, videos):
    with serve(face_recognizer) as server, visit(server) as one:
        page = one.answer(videos / "noise.avi")
        assert listing(server.intake.folder) == set()
    assert "No face was found" in page
    assert "from the front" in page


def test_what_the_page_could_not_send_is_told_as_text(visitor):
    page = visitor.ask(["", "<b>offline</b>", "", "", "", False])
    assert "&lt;b&gt;offline" in page


@pytest.mark.parametrize(
    "fields", [("1", "", "", False), ("5", "2", "", False), ("", "", ".1", True)]
)
def test_fields_that_make_no_sense_are_told(visitor, videos, fields):
    assert "There is no answer" in visitor.answer(videos / "up.avi", fields=fields)


@pytest.mark.parametrize(
    "ticket",
    ["/etc/passwd", "file:///etc/passwd", "../../../../etc/passwd", "http://127.0.0.1/a.avi", ""],
)
def test_a_path_of_somebodys_choosing_is_not_read(visitor, ticket):
    page = visitor.ask([ticket, *PLAIN])
    assert "the clip is not here" in page
    assert "root:" not in page


def test_a_clip_of_another_visitor_is_not_read(app, visitor, visit, videos):
    sent = visitor.send(videos / "up.avi", "anna.avi")
    (path,) = listing(app.intake.folder)
    with visit(app) as other:
        for guess in (str(path), path.name, "anna.avi", path.stem[:-1]):
            page = other.ask([guess, *PLAIN])
            assert "the clip is not here" in page
        file = {"path": str(path), "meta": {"_type": "gradio.FileData"}}
        assert other.join([file, *PLAIN]).status_code == 400
        for address in (f"/gradio_api/file={path}", f"/file={path}", f"/gradio_api/file/{path}"):
            assert other.client.get(address).status_code == 404
    # It is still there for who sent it.
    assert "Recognised as" in visitor.ask([sent.json()["ticket"], *PLAIN])


@pytest.mark.parametrize(
    "address",
    [
        "/gradio_api/file=/etc/passwd",
        "/gradio_api/file=../../../../etc/passwd",
        "/gradio_api/file=http://127.0.0.1:1/",
        "/gradio_api/proxy=http://127.0.0.1:1/",
        "/static/..%2f..%2f..%2f..%2f..%2f..%2fetc/passwd",
        "/assets/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "/gradio_api/deep_link?session_hash=a",
        "/docs",
        "/openapi.json",
    ],
)
def test_no_file_of_the_server_is_served(visitor, address):
    response = visitor.client.get(address)
    assert response.status_code == 404
    assert "root:" not in response.text


def test_gradios_own_uploads_are_closed(app, visitor):
    response = visitor.client.post("/gradio_api/upload", files={"files": ("a.avi", b"x")})
    assert response.status_code == 404
    assert listing(app.intake.folder) == set()


def test_nothing_is_left_behind(recognizer, serve, visit, videos, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    environment = dict(os.environ)
    with serve(recognizer) as server, visit(server) as one:
        folder = server.intake.folder
        assert folder.parent == tmp_path / "temporary"
        one.answer(videos / "up.avi")
        one.answer(videos / "long.avi")
        one.answer(videos / "up.avi", fields=("5", "2", "", False))
        assert listing(folder) == set()
        one.send(videos / "down.avi")  # Nobody asks about this one.
        assert len(listing(folder)) == 1
        assert list((tmp_path / "temporary").iterdir()) == [folder]
    assert list(tmp_path.rglob("*")) == [tmp_path / "temporary"]
    assert dict(os.environ) == environment


def test_a_long_search_is_given_up_when_the_app_ends(recognizer, serve, visit, videos, caplog):
    from astsvm.app.desk import Desk

    with serve(recognizer) as server, visit(server) as one:
        ticket = one.send(videos / "long.avi").json()["ticket"]
        steps = []
        desk = Desk(recognizer, "m", server.intake, server._ending)

        def step(done, count):
            steps.append(done)
            if done == 3:
                server._ending.set()

        page = desk.answer_sent(ticket, "", ("", "", "", False), step)
        assert steps == [1, 2, 3]
        assert "the app has ended" in page
        assert listing(server.intake.folder) == set()


def test_open_connections_are_ended_in_order(recognizer, serve, visit, caplog):
    with (
        serve(recognizer) as server,
        visit(server) as one,
        one.client.stream("GET", "/gradio_api/heartbeat/abc") as stream,
    ):
        lines = stream.iter_lines()
        assert "ALIVE" in next(lines)
        server.stop()
        assert all("ALIVE" in line or not line for line in lines)
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []


def test_answers_do_not_stay_in_memory(app, visit, videos):
    with visit(app) as one:
        config = one.client.get("/config").json()
        chained = [
            dependency["id"]
            for dependency in config["dependencies"]
            if dependency["trigger_after"] == one.functions["recognise"]
        ]
        assert len(chained) == 1
        session = "forgotten"
        sent = one.send(videos / "up.avi").json()["ticket"]
        kept = app.page.state_holder.session_data
        for number, data in ((one.functions["recognise"], [sent, *PLAIN]), (chained[0], [])):
            body = {"data": data, "fn_index": number, "session_hash": session}
            assert one.client.post("/gradio_api/queue/join", json=body).status_code == 200
            told = {"session_hash": session}
            with one.client.stream("GET", "/gradio_api/queue/data", params=told) as stream:
                assert '"success":true' in "".join(stream.iter_text()).replace(" ", "")
            assert (session in kept) == (number == one.functions["recognise"])


def test_the_page_names_nothing_elsewhere_to_load(visitor):
    home = visitor.client.get("/")
    assert home.status_code == 200
    policy = home.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "http" not in policy
    for sheet in ("/theme.css", "/gradio_api/theme.css"):
        text = visitor.client.get(sheet).text
        assert "http" not in text.replace("http://www.w3.org/2000/svg'", "")  # A name, no address.
    config = visitor.client.get("/config").json()
    assert config["analytics_enabled"] is False


def test_this_process_asks_nobody_elsewhere(visitor, videos, asked_elsewhere):
    visitor.answer(videos / "up.avi")
    assert asked_elsewhere == []
    with pytest.raises(OSError), socket.socket() as one:  # The watch does watch.
        one.settimeout(0.01)
        one.connect(("192.0.2.1", 9))
    assert asked_elsewhere.pop() == "192.0.2.1"


def test_it_listens_on_this_machine_only(app):
    port = int(app.url.rpartition(":")[2])
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    listening, kind = [row[1] for row in rows if row[3] == "0A"], f"{port:04X}"
    bound = [
        address for address, _, own in (row.partition(":") for row in listening) if own == kind
    ]
    assert bound == ["0100007F"]  # 127.0.0.1, its bytes in reverse.


def test_an_address_that_is_taken_is_told(app, recognizer):
    port = int(app.url.rpartition(":")[2])
    with pytest.raises(InvalidInputError, match=f"port {port}.*--port"):
        AppServer(recognizer, "m", port=port).__enter__()
    with pytest.raises(InvalidInputError, match=r"cannot listen at 203\.0\.113\.7"):
        AppServer(recognizer, "m", host="203.0.113.7", port=0).__enter__()


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("127.0.0.1", True),
        ("127.1.2.3", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("192.168.1.5", False),
        ("::", False),
        ("lab.example", False),
    ],
)
def test_which_addresses_are_this_machines_own(host, local):
    assert is_local(host) is local


def test_limits_are_told_before_anything_is_sent(app, visitor):
    config = visitor.client.get("/config").text
    assert "at most 1 MB, 10 seconds and 300 frames" in config
    assert Limits().describe().startswith("at most 100 MB, 60 seconds")
