"""Only what the page needs gets in."""

import asyncio
import json

import pytest

from astsvm.app.gate import Gate

PAGE = "http://127.0.0.1:7860"


class Behind:
    """Stands for the server behind the gate, and keeps what reaches it."""

    def __init__(self):
        self.seen = []

    async def __call__(self, scope, receive, send):
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message["body"], message.get("more_body", False)
        self.seen.append((scope["path"], body))
        headers = [(b"x-own", b"1"), (b"Cache-Control", b"max-age=1")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"in"})


def request(method, path, *, body=b"", host="127.0.0.1:7860", hosts=("127.0.0.1",), **headers):
    behind, sent = Behind(), []
    # In two pieces, as a network hands them over.
    pieces = [body[: len(body) // 2], body[len(body) // 2 :]]
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "headers": [
            (name.encode(), value.encode()) for name, value in {"host": host, **headers}.items()
        ],
    }

    async def receive():
        return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

    async def send(message):
        sent.append(message)

    asyncio.run(Gate(behind, hosts)(scope, receive, send))
    answered = {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], answered, behind.seen


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/config",
        "/theme.css",
        "/assets/index-Ab1_.js",
        "/static/fonts/a/b.woff2",
        "/gradio_api/queue/data",
        "/gradio_api/heartbeat/abc123",
    ],
)
def test_what_the_page_reads_is_let_through(path):
    status, headers, seen = request("GET", path)
    assert (status, [path for path, _ in seen]) == (200, [path])
    assert headers["x-own"] == "1"
    assert headers["cache-control"] == "no-store"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "connect-src 'self'" in headers["content-security-policy"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/gradio_api/file=/etc/passwd"),
        ("GET", "/file=/etc/passwd"),
        ("GET", "/gradio_api/file/etc/passwd"),
        ("GET", "/gradio_api/file=http://example.com/"),
        ("GET", "/gradio_api/proxy=http://example.com/"),
        ("GET", "/static/../../../../etc/passwd"),
        ("GET", "/assets/..%2f..%2fetc/passwd"),
        ("GET", "/assets/./../gradio_api/file=/etc/passwd"),
        ("GET", "/gradio_api/stream/a/b/1/playlist.m3u8"),
        ("GET", "/gradio_api/deep_link"),
        ("GET", "/monitoring"),
        ("GET", "/gradio_api/openapi.json"),
        ("GET", "/clip"),
        ("POST", "/gradio_api/upload"),
        ("POST", "/gradio_api/run/predict"),
        ("POST", "/gradio_api/call/answer_sent"),
        ("POST", "/gradio_api/component_server"),
        ("POST", "/gradio_api/process_recording"),
        ("POST", "/gradio_api/vibe-edit"),
        ("POST", "/"),
        ("PUT", "/clip"),
        ("DELETE", "/config"),
    ],
)
def test_all_else_is_not_there(method, path):
    status, headers, seen = request(method, path)
    assert (status, seen) == (404, [])
    assert headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:7860", "", "127.0.0.1.evil.example", "[", "]", "[::1", "[x]"],
)
def test_a_name_of_somebody_elses_that_points_here_is_refused(host):
    assert request("GET", "/", host=host)[::2] == (403, [])


def test_whoever_opens_the_page_to_others_may_call_it_any_name():
    assert request("GET", "/", host="lab.example", hosts=None)[0] == 200
    assert request("GET", "/", host="[", hosts=None)[::2] == (403, [])


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "https://127.0.0.1:1", "x", "http://[", "//]", "http://[x]"],
)
def test_another_page_may_not_send(origin):
    assert request("POST", "/clip", body=b"x", origin=origin)[::2] == (403, [])


def test_the_page_itself_may_send():
    status, _, seen = request("POST", "/clip", body=b"film", origin=PAGE)
    assert (status, seen) == (200, [("/clip", b"film")])


def question(*values, **more):
    return json.dumps({"data": values, "fn_index": 0, **more}).encode()


@pytest.mark.parametrize("path", ["/gradio_api/queue/join", "/gradio_api/queue/join/"])
def test_plain_questions_get_in_as_they_are(path):
    body = question("ticket", "", None, 3, 1.5, True)
    status, _, seen = request("POST", path, body=body, origin=PAGE)
    assert (status, seen) == (200, [(path, body)])


@pytest.mark.parametrize(
    "value",
    [
        {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}},
        {"path": "http://example.com/a.mp4", "meta": {"_type": "gradio.FileData"}},
        [{"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}],
        {},
        [],
    ],
)
def test_an_object_that_may_stand_for_a_file_does_not_get_in(value):
    assert request("POST", "/gradio_api/queue/join", body=question("a", value))[::2] == (400, [])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b"nonsense",
        b"\xff",
        b'{"data": null}',
        b'{"data": "text"}',
        b'{"data": {"a": 1}}',
        b"[" * 20_000,
    ],
)
def test_what_is_no_question_does_not_get_in(body):
    assert request("POST", "/gradio_api/queue/join", body=body)[::2] == (400, [])


def test_a_question_is_not_a_film():
    assert request("POST", "/gradio_api/queue/join", body=question("x" * 70_000))[::2] == (413, [])


def test_what_is_no_page_is_not_answered():
    sent = []

    async def never(*_):
        sent.append(_)

    asyncio.run(Gate(never, None)({"type": "websocket", "path": "/"}, never, never))
    assert sent == []


@pytest.mark.parametrize("begun", [True, False])
def test_what_is_open_is_ended_in_order(begun):
    sent = []

    async def endless(scope, receive, send):
        if begun:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"a", "more_body": True})
        await asyncio.sleep(60)

    async def send(message):
        sent.append(message)

    async def visit():
        gate = Gate(endless, None)
        scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
        request = asyncio.create_task(gate(scope, None, send))
        await asyncio.sleep(0.05)
        gate.close()
        await request

    asyncio.run(visit())
    assert sent[0]["status"] == (200 if begun else 503)
    assert not sent[-1].get("more_body", False)


def test_a_visitor_who_leaves_ends_the_work_for_them():
    ended = []

    async def endless(scope, receive, send):
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(True)

    async def visit():
        scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
        request = asyncio.create_task(Gate(endless, None)(scope, None, None))
        await asyncio.sleep(0.05)
        request.cancel()
        with pytest.raises(asyncio.CancelledError):
            await request

    asyncio.run(visit())
    assert ended == [True]
