"""Reaching a Ray cluster, or starting Ray on this machine: quickly, in words, without noise.

Ray itself waits for minutes where no cluster answers. Here the address is asked first, with the
health check that every gRPC service of Ray has.
"""

from __future__ import annotations

import logging
import math
import os
import re
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from astsvm.errors import AstsvmError, MissingResourceError
from astsvm.execution.environment import environment

__all__ = ["ClusterError", "ray_connection", "require_room", "tasks_at_once"]

_LOGGER = logging.getLogger(__name__)

_HOST_AND_PORT = re.compile(r"(?P<host>[^\s:/@\[\]]+|\[[0-9a-fA-F:]+\]):(?P<port>[0-9]{1,5})")
_LOOPBACK = ("localhost", "127.0.0.1")
_ANSWER_SECONDS = 5.0
_LONGEST_MESSAGE = 240
_HEALTH_CHECK = "/grpc.health.v1.Health/Check"
_AUTHENTICATION = "RAY_AUTH_MODE"


class ClusterError(AstsvmError):
    """A cluster cannot be reached, or cannot run the tasks."""


@contextmanager
def ray_connection(address: str) -> Iterator[Any]:
    """Connect to a Ray cluster, and leave it at the end of the block.

    A connection that the calling program has made already is used, and left as it is.

    Parameters
    ----------
    address : str
        ``HOST:PORT`` of a cluster's head node; ``"auto"`` for the one that RAY_ADDRESS names or
        to which `ray start` has added this machine, and if there is none, for Ray started on this
        machine; or ``"local"`` for Ray started on this machine in any case.

    Yields
    ------
    module
        ``ray``, connected. A line on the log says to what.

    Raises
    ------
    MissingResourceError
        If Ray is not installed.
    ClusterError
        If no cluster answers, or it refuses this program (another version of Ray or Python).
    """
    ray = _imported_ray()
    if ray.is_initialized():
        _tell(ray, "the Ray cluster that this program is connected to")
        yield ray
        return
    with _own_token_mode(), _messages_on_the_log():
        found = _running_cluster(address)
        try:
            with _sigterm_kept(), environment({"RAY_USAGE_STATS_ENABLED": "0"}):
                _initialise(ray, found)
            started = "Ray on this machine, started for it"
            _tell(ray, f"the Ray cluster at {found.lower()}" if found else started)
            yield ray
        finally:
            ray.shutdown()


def require_room(ray: Any, cpus: float, gpus: float) -> None:
    """Refuse tasks that no node can ever run; Ray would wait for such a node without a word.

    Raises
    ------
    ClusterError
        If no node has so many processors and GPUs.
    """
    nodes = _resources(ray)
    if not any(node.get("CPU", 0) >= cpus and node.get("GPU", 0) >= gpus for node in nodes):
        there = "; ".join(sorted(f"{n.get('CPU', 0):g} and {n.get('GPU', 0):g}" for n in nodes))
        raise ClusterError(
            f"a task needs {cpus:g} CPUs and {gpus:g} GPUs, but no node of the cluster has that; "
            f"its nodes have {there or 'nothing'}. Ask for less, or add a node."
        )


def tasks_at_once(ray: Any, cpus: float, gpus: float) -> int:
    """Return how many tasks the nodes that are there now can run at the same time, at least 1."""
    rooms = [
        min(_times(node.get("CPU", 0), cpus), _times(node.get("GPU", 0), gpus))
        for node in _resources(ray)
    ]
    return max(1, int(sum(rooms)))


def _times(there: float, needed: float) -> float:
    # Rounded first: 1 / .1 is 10, though 1 // .1 is 9.
    return math.floor(round(there / needed, 6)) if needed else math.inf


def _imported_ray() -> Any:
    try:
        import ray
    except ImportError as error:
        raise MissingResourceError(
            "work on a cluster needs Ray, which is not installed. In the repository's folder: "
            "pip install --constraint constraints.txt -e '.[cluster]'"
        ) from error
    return ray


def _initialise(ray: Any, found: str | None) -> None:
    # What a task prints stays in Ray's own log files; what went wrong comes back as its outcome.
    quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
    try:
        if found is None:
            ray.init(address="local", include_dashboard=False, **quiet)
        else:
            ray.init(address=found, **quiet)
    except (RuntimeError, ValueError, OSError, ray.exceptions.RayError) as error:
        where = f"the Ray cluster at {found}" if found else "Ray on this machine"
        advice = (
            " This machine must be a node of the cluster (`ray start --address=...`), with the "
            "same versions of Python and Ray; a cluster with a token needs RAY_AUTH_MODE=token."
        )
        words = " ".join(str(error).split()).rstrip(".")
        raise ClusterError(f"{where} cannot be used: {words}.{advice if found else ''}") from error


def _running_cluster(address: str) -> str | None:
    """Return the address to give to Ray, or None if Ray is to be started here."""
    named = (os.environ.get("RAY_ADDRESS") or "auto") if address == "auto" else address
    if named == "local":
        return None
    if named != "auto":
        target = _as_ray_takes_it(named)
        if fault := _fault_of(target):
            raise ClusterError(
                f"no Ray cluster answers at {named}: {fault}. Check that it runs, and give the "
                "address that `ray start --head` printed."
            )
        return target
    # Not Ray's own "auto", which also takes what another program has started for itself.
    from ray._private.authentication.authentication_token_setup import (
        maybe_enable_token_auth_if_token_available,
    )
    from ray._private.services import find_bootstrap_address

    recorded = find_bootstrap_address(None)
    # The address of a cluster that was killed stays on the disk.
    if not recorded or _fault_of(_as_ray_takes_it(recorded)):
        return None
    # As Ray does with a cluster that it finds by itself, but with no address that is given to it:
    # if this user has a token, such a cluster asks for it.
    logging.getLogger("ray").setLevel(logging.ERROR)
    maybe_enable_token_auth_if_token_available(warn_if_disabled=False)
    return _as_ray_takes_it(recorded)


def _as_ray_takes_it(address: str) -> str:
    """Check the form of an address, and write the loopback address so that Ray leaves it alone.

    Ray replaces `localhost` and `127.0.0.1` by the machine's outward address, where a cluster that
    is bound to the loopback address does not listen. Names of hosts have no case, but Ray compares
    letters.
    """
    match = _HOST_AND_PORT.fullmatch(address)
    if match is None or not 0 < int(match["port"]) < 65536:
        raise ClusterError(
            f"expected auto, local or HOST:PORT as the address of a Ray cluster, received "
            f"{address!r}. Ray's client addresses (ray://) are not supported: start on a node."
        )
    if match["host"].lower() in _LOOPBACK:
        return f"LOCALHOST:{match['port']}"
    return address


def _fault_of(address: str) -> str:
    """Ask a service of Ray for its health; return what is wrong, or nothing."""
    import grpc

    options = [("grpc.enable_http_proxy", 0)]
    with grpc.insecure_channel(address, options=options) as channel:
        check = channel.unary_unary(
            _HEALTH_CHECK, request_serializer=bytes, response_deserializer=bytes
        )
        try:
            check(b"", timeout=_ANSWER_SECONDS)
        except grpc.RpcError as error:
            return " ".join(str(error.details()).split())
    return ""


@contextmanager
def _messages_on_the_log() -> Iterator[None]:
    """Keep what Ray says of its nodes off stdout, which is for data, and to one line each.

    Ray writes such messages there whatever `log_to_driver` says, and has no switch for it.
    """
    from ray._private import worker

    def log(message: dict[str, Any], ignore_prefix: bool) -> None:
        for text in message["lines"]:
            _LOGGER.warning("Ray: %s", " ".join(text.split())[:_LONGEST_MESSAGE])

    before = worker.print_to_stdstream
    worker.print_to_stdstream = log
    try:
        yield
    finally:
        worker.print_to_stdstream = before


@contextmanager
def _own_token_mode() -> Iterator[None]:
    """Undo what Ray may add to the environment: what starts later decides for itself."""
    before = os.environ.get(_AUTHENTICATION)
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(_AUTHENTICATION, None)


@contextmanager
def _sigterm_kept() -> Iterator[None]:
    """Undo what Ray does to SIGTERM: a batch system's end of a job is answered by the caller."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _tell(ray: Any, where: str) -> None:
    nodes = _resources(ray)
    cpus, gpus = (sum(node.get(name, 0) for node in nodes) for name in ("CPU", "GPU"))
    _LOGGER.warning(
        "note: the work runs on %s (nodes: %d, CPUs: %g, GPUs: %g).", where, len(nodes), cpus, gpus
    )


def _resources(ray: Any) -> list[dict[str, float]]:
    return [node["Resources"] for node in ray.nodes() if node["Alive"]]
