"""The server of the page: one address, one process, and nothing left behind.

Gradio's own ``launch`` is not used: it can open a tunnel, calls itself home and keeps uploads. The
page is served by uvicorn, behind the gate.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import os
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from astsvm.app.limits import Limits
from astsvm.errors import InvalidInputError

if TYPE_CHECKING:
    from astsvm.app.gate import Gate
    from astsvm.app.intake import Intake
    from astsvm.recognizer import Recognizer

__all__ = ["AppServer", "is_local"]

_HOSTS = ("localhost", "127.0.0.1", "::1")
_SWEEP_SECONDS = 30.0
_SHUTDOWN_SECONDS = 5
_ENVIRONMENT = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "GRADIO_MCP_SERVER": "False",
    "GRADIO_SHARE": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",
}
"""Keeps gradio and what it imports from calling anybody."""


class AppServer:
    """Serves the page. Use it as a context: entering binds the address, leaving deletes all clips.

    Parameters
    ----------
    recognizer : Recognizer
        The model.
    model_name : str
        What the model's file is called.
    host : str
        Address to listen at; any but this machine's own lets others in, without a password.
    port : int
        0 takes a free one.
    limits : Limits, optional

    Attributes
    ----------
    url : str
        Where the page is, once entered.
    intake : Intake
        Where clips lie, once entered.

    Raises
    ------
    InvalidInputError
        On entering, if the address cannot be had.
    MissingResourceError
        On entering, if gradio is not installed.
    """

    def __init__(
        self,
        recognizer: Recognizer,
        model_name: str,
        *,
        host: str = "127.0.0.1",
        port: int = 7860,
        limits: Limits | None = None,
    ) -> None:
        self._recognizer, self._model_name = recognizer, model_name
        self._host, self._port = host, port
        self._limits = limits or Limits()
        self._ending = threading.Event()
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> AppServer:
        from astsvm.app.intake import Intake
        from astsvm.app.page import require_gradio

        require_gradio()
        with contextlib.ExitStack() as stack:
            self.intake: Intake = stack.enter_context(Intake(self._limits))
            stack.enter_context(_environment(self.intake.folder))
            self._socket = stack.enter_context(_listening(self._host, self._port))
            self._server = self._uvicorn()
            self._stack = stack.pop_all()
        address, port = self._socket.getsockname()[:2]
        self.url = f"http://{f'[{address}]' if ':' in address else address}:{port}"
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def run(self) -> None:
        """Serve until Ctrl-C (KeyboardInterrupt goes on from here) or :meth:`stop`."""
        self._server.run(sockets=[self._socket])

    def stop(self) -> None:
        """Let :meth:`run` return; to be called from another thread."""
        self._server.should_exit = True

    def _uvicorn(self) -> Any:
        import uvicorn

        gate, ending = self._gate_in_a_loop(), self._ending

        class Server(uvicorn.Server):
            async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
                ending.set()
                gate.close()
                await super().shutdown(sockets)

        return Server(
            uvicorn.Config(
                gate,
                log_config=None,  # Its own would shut down the logging of everybody else.
                log_level="warning",
                access_log=False,
                ws="none",
                lifespan="on",
                server_header=False,
                timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
            )
        )

    def _gate_in_a_loop(self) -> Gate:
        """Build it in an event loop: outside of one, gradio makes many and leaves them open."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return asyncio.run(_called(self._gate))
        return self._gate()

    def _gate(self) -> Gate:
        import gradio
        import gradio.routes
        from fastapi import FastAPI

        from astsvm.app.clip_route import clip_route
        from astsvm.app.desk import Desk
        from astsvm.app.gate import CLIP_ROUTE, Gate
        from astsvm.app.page import build_page, page_styles

        # Gradio makes a folder in it for each server; it knows the first one's, if any.
        gradio.routes.DEFAULT_TEMP_DIR = os.environ["GRADIO_TEMP_DIR"]
        self.page = page = build_page(
            Desk(self._recognizer, self._model_name, self.intake, self._ending)
        )
        app = FastAPI(openapi_url=None, lifespan=_swept(self.intake))
        app.add_route(CLIP_ROUTE, clip_route(self.intake), methods=["POST"])
        mounted = gradio.mount_gradio_app(
            app,
            page,
            "/",
            server_name=self._host,
            server_port=self._port,
            allowed_paths=[],
            blocked_paths=["/"],
            footer_links=[],
            run_history=False,
            ssr_mode=False,
            mcp_server=False,
            enable_monitoring=False,
            pwa=False,
            show_error=False,
            max_file_size=1,
            **page_styles(),
        )
        return Gate(mounted, _HOSTS if is_local(self._host) else None)


async def _called(build: Callable[[], Gate]) -> Gate:
    return build()


def is_local(host: str) -> bool:
    """Say whether an address is one that only this machine can reach."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _swept(intake: Intake) -> Any:
    """Return a lifespan in which clips that nobody asks about are deleted."""

    async def sweep() -> None:
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            intake.discard_old()

    @contextlib.asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[None]:
        task = asyncio.create_task(sweep())
        try:
            yield
        finally:
            task.cancel()

    return lifespan


def _listening(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind, protocol)
    except OSError as error:
        raise _no_address(host, port, error) from error
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen()
    except OSError as error:
        listening.close()
        raise _no_address(host, port, error) from error
    return listening


def _no_address(host: str, port: int, error: OSError) -> InvalidInputError:
    return InvalidInputError(
        f"the app cannot listen at {host}, port {port}: {error.strerror}. Name another port "
        "(--port; 0 takes a free one) or address (--host)."
    )


@contextlib.contextmanager
def _environment(folder: Path) -> Iterator[None]:
    """Set what gradio reads; should it ever write a file, then into the folder that goes."""
    wanted = {**_ENVIRONMENT, "GRADIO_TEMP_DIR": str(folder / "gradio")}
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
