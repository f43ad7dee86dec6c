"""A model, videos, and the app as it is served."""

from __future__ import annotations

import ipaddress
import json
import os
import shutil
import sys
import threading
import uuid
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pytest

from astsvm.app import AppServer, Limits
from astsvm.config import FlowSettings, PreprocessingSettings
from astsvm.recognizer import Recognizer
from astsvm.recognizer.manifest import CalibrationRecord

CALIBRATION = CalibrationRecord(
    scale=1.5,
    bias=(0.0, 0.0, 0.0),
    clips=9,
    seeds=1,
    log_loss=0.9,
    base_rate_log_loss=1.1,
    predictions_sha256="0" * 64,
)
ELSEWHERE: list[str] = []
"""Addresses other than this machine's that anything in this process has asked for."""


def _watch(event, arguments):
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        host = str(arguments[1][0])
    elif event == "socket.getaddrinfo" and not _is_number(arguments[0]):
        host = str(arguments[0])
    else:
        return
    if host not in ("127.0.0.1", "::1", "localhost"):
        ELSEWHERE.append(host)


def _is_number(host):
    """Say whether a host needs no looking up."""
    try:
        ipaddress.ip_address(host or "0.0.0.0")
    except ValueError:
        return False
    return True


sys.addaudithook(_watch)


@pytest.fixture(scope="session")
def asked_elsewhere():
    """Give the list of foreign addresses that this process has asked for."""
    return ELSEWHERE


@pytest.fixture(scope="session")
def recognizer(bundle):
    """Give a model that takes frames as they are; it is not calibrated."""
    return Recognizer(bundle)


@pytest.fixture(scope="session")
def calibrated(make_bundle):
    """Give such a model that is calibrated."""
    return Recognizer(make_bundle(calibration=CALIBRATION))


@pytest.fixture(scope="session")
def face_recognizer(make_bundle, small_settings):
    """Give a model that looks for a face."""
    preprocessing = PreprocessingSettings(size=32, length=5, flow=FlowSettings(window=9, levels=2))
    return Recognizer(make_bundle(small_settings.replace(preprocessing=preprocessing)))


@pytest.fixture(scope="session")
def write_video():
    """Write grey frames as an AVI, without loss."""
    import cv2

    def write(path, frames, fps):
        height, width = frames[0].shape
        code = cv2.VideoWriter_fourcc(*"FFV1")
        video = cv2.VideoWriter(str(path), code, fps, (width, height))
        for frame in frames:
            video.write(cv2.cvtColor(frame, cv2.COLOR_GRAY2BGR))
        video.release()
        assert path.stat().st_size
        return path

    return write


@pytest.fixture(scope="session")
def videos(tmp_path_factory, write_video, moving_dots, long_take):
    """Write a video of dots for each class, a long one, and one of noise; return their folder."""
    folder = tmp_path_factory.mktemp("videos")
    for number, name in enumerate(("down", "right", "up")):
        write_video(folder / f"{name}.avi", moving_dots(number), 50)
    write_video(folder / "long.avi", long_take.frames, long_take.fps)
    noise = np.random.default_rng(3).integers(0, 255, (20, 96, 96), dtype=np.uint8)
    write_video(folder / "noise.avi", noise, 50)
    return folder


@dataclass
class Visitor:
    """Talks to the app as the page does, and as somebody who wishes it ill."""

    client: object
    functions: dict[str, int]

    @classmethod
    def of(cls, client):
        """Read from the page's own settings which function is which."""
        config = client.get("/config").json()
        labels = {part["id"]: part["props"].get("elem_id") for part in config["components"]}
        found = {
            labels.get(target[0]): dependency["id"]
            for dependency in config["dependencies"]
            for target in dependency["targets"]
            if target[1] == "click"
        }
        return cls(client, found)

    def send(self, path, name=None):
        """Send a clip; return the response."""
        return self.client.post(
            "/clip", params={"name": name or path.name}, content=path.read_bytes()
        )

    def join(self, data, button="recognise", session=None):
        """Queue a question; return the response."""
        session = session or uuid.uuid4().hex[:12]
        body = {"data": data, "fn_index": self.functions[button], "session_hash": session}
        return self.client.post("/gradio_api/queue/join", json=body)

    def ask(self, data, button="recognise"):
        """Ask, and return the HTML of the answer."""
        session = uuid.uuid4().hex[:12]
        joined = self.join(data, button, session)
        assert joined.status_code == 200, joined.text
        told = {"session_hash": session}
        with self.client.stream("GET", "/gradio_api/queue/data", params=told) as stream:
            for line in stream.iter_lines():
                message = json.loads(line[6:]) if line.startswith("data: ") else {}
                if message.get("msg") == "process_completed":
                    assert message["success"], message
                    return message["output"]["data"][0]
        raise AssertionError("the stream ended without an answer")

    def answer(self, path, *, name=None, fields=("", "", "", False)):
        """Send a clip and ask about it."""
        sent = self.send(path, name)
        assert sent.status_code == 200, sent.text
        return self.ask([sent.json()["ticket"], "", *fields])


@contextmanager
def served(recognizer, **options):
    """Serve the app in a thread; yield the server."""
    with AppServer(recognizer, "model.astsvm", port=0, **options) as server:
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            yield server
        finally:
            server.stop()
            thread.join(30)
            assert not thread.is_alive(), "the server does not stop"


@pytest.fixture(scope="session")
def serve():
    """Give :func:`served`."""
    return served


@pytest.fixture(scope="session")
def visit():
    """Open a visitor to a server."""
    import httpx

    @contextmanager
    def visiting(server):
        with httpx.Client(base_url=server.url, timeout=60) as client:
            yield Visitor.of(client)

    return visiting


@pytest.fixture(scope="module")
def app(recognizer):
    """Serve the model that is not calibrated, with limits that small clips reach."""
    limits = Limits(megabytes=1, seconds=10, frames=300)
    with served(recognizer, limits=limits) as server:
        yield server


@pytest.fixture
def visitor(app, visit):
    """Open a visitor to the app."""
    with visit(app) as one:
        yield one


@pytest.fixture(scope="module")
def browser():
    """Start Chromium, or skip and say why; its driver keeps an event loop while it is open."""
    playwright = pytest.importorskip("playwright.sync_api")
    names = ("chromium", "chromium-browser", "google-chrome")
    found = os.environ.get("ASTSVM_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if found is None:
        pytest.skip(f"no browser: none of {', '.join(names)} on PATH, no ASTSVM_CHROMIUM")
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(
            executable_path=found, args=["--no-sandbox", "--disable-gpu"]
        )
        yield started
        started.close()
