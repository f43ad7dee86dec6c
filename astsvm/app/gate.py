"""The gate before the page's server: what is not needed does not get in.

Gradio serves much more than this page uses: files by path, files fetched from other addresses,
uploads that others may name, an API. All of it answers 404 here, whatever later versions add,
because the addresses that are let through are listed. And of a question only plain values are let
through: in gradio, an object may stand for a file of the server or of another address.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterable, MutableMapping
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Gate"]

CLIP_ROUTE = "/clip"
_QUESTION_ROUTE = "/gradio_api/queue/join"
_MOST_QUESTION_BYTES = 64 * 2**10
_READ = re.compile(
    r"/(|config|theme\.css|favicon\.ico|robots\.txt|manifest\.json|(assets|static)/[\w./@-]+"
    r"|gradio_api/(info|app_id|startup-events|theme\.css|queue/data|heartbeat/\w+))/?"
)
_SENT = re.compile(r"/(clip|gradio_api/(queue/join|reset|cancel))/?")
_HEADERS = {
    # The page needs nothing from elsewhere, and can reach nothing elsewhere. Gradio compiles
    # handlers in the page, which counts as eval.
    "content-security-policy": "default-src 'none'; script-src 'self' 'unsafe-inline' "
    "'unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'self'; form-action 'none'; "
    "frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}


class Gate:
    """ASGI middleware that lets through what the page needs, and nothing else.

    Parameters
    ----------
    app : ASGI application
        What lies behind it.
    hosts : iterable of str, optional
        Names by which the page may be called. A page of somebody else's that has its name point to
        this machine is thus refused. None takes any name.
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str] | None) -> None:
        self._app = app
        self._hosts = None if hosts is None else frozenset(hosts)
        self._open: set[asyncio.Task[None]] = set()
        self._closed = False

    def close(self) -> None:
        """End what is open: a page holds on to its connections as long as it is open itself."""
        self._closed = True
        for task in self._open:
            task.cancel()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or hand it on."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        refusal = self._refusal(scope)
        if refusal is None and scope["path"].rstrip("/") == _QUESTION_ROUTE:
            body = await _read_body(receive)
            refusal = _question_refusal(body)
            receive = _replayed(body, receive)
        if refusal is not None:
            await _refuse(send, *refusal)
            return
        await self._hand_on(scope, receive, send)

    async def _hand_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = whole = False

        async def sending(message: Message) -> None:
            nonlocal begun, whole
            begun = True
            whole = message["type"] == "http.response.body" and not message.get("more_body", False)
            if message["type"] == "http.response.start":
                message = {**message, "headers": _secured(message)}
            await send(message)

        async def handle() -> None:
            await self._app(scope, receive, sending)

        task = asyncio.create_task(handle())
        self._open.add(task)
        try:
            await task
        except asyncio.CancelledError:
            if not self._closed:
                task.cancel()
                raise
            if not begun:
                await _refuse(send, 503, "The app has ended.")
            elif not whole:
                await send({"type": "http.response.body", "body": b""})
        finally:
            self._open.discard(task)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        host = headers.get("host", "")
        called = _split(f"//{host}")
        if called is None or (self._hosts is not None and called.hostname not in self._hosts):
            return 403, "This page is for this machine only."
        path, method = scope["path"], scope["method"]
        routes = {"GET": _READ, "HEAD": _READ, "POST": _SENT}.get(method)
        if routes is None or not routes.fullmatch(path) or ".." in path:
            return 404, "Not found."
        if method == "POST" and "origin" in headers:
            origin = _split(headers["origin"])
            if origin is None or origin.netloc != host:
                return 403, "Another page may not ask."
        return None


def _split(address: str) -> SplitResult | None:
    """Return the parts of an address, None of what is none."""
    try:
        return urlsplit(address)
    except ValueError:
        return None


async def _read_body(receive: Receive) -> bytes:
    """Read a question; of one that is too long, only the beginning."""
    body, more = b"", True
    while more and len(body) <= _MOST_QUESTION_BYTES:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


def _question_refusal(body: bytes) -> tuple[int, str] | None:
    if len(body) > _MOST_QUESTION_BYTES:
        return 413, "The question is too long."
    try:
        question = json.loads(body)
        values = question["data"]
        plain = all(value is None or isinstance(value, str | int | float) for value in values)
    except (ValueError, TypeError, KeyError, RecursionError):
        return 400, "The question cannot be read."
    if not isinstance(values, list) or not plain:
        return 400, "A question holds text and numbers only."
    return None


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that hands out a body once more, and then goes on as before."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return waiting.pop() if waiting else await receive()

    return again


def _secured(message: MutableMapping[str, Any]) -> list[tuple[bytes, bytes]]:
    kept = [
        (name, value)
        for name, value in message.get("headers", [])
        if name.decode("latin-1").lower() not in _HEADERS
    ]
    return kept + [(name.encode(), value.encode()) for name, value in _HEADERS.items()]


async def _refuse(send: Send, status: int, reason: str) -> None:
    headers = {"content-type": "text/plain; charset=utf-8", **_HEADERS}
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": reason.encode()})
