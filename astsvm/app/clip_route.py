"""The route by which a clip comes in: its ticket as JSON, or the reason why there is none."""

from __future__ import annotations

import errno
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from astsvm.app.intake import BusyError, Intake, StalledError, TooLargeError
from astsvm.errors import AstsvmError

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import JSONResponse

__all__ = ["clip_route"]

_DISK_FULL = (errno.ENOSPC, errno.EDQUOT)


def clip_route(intake: Intake) -> Callable[[Request], Awaitable[JSONResponse]]:
    """Return a route that stores the body of a request as a clip.

    It answers 200 with ``{"ticket": ...}``, or with ``{"reason": ...}`` 400 for what is no video,
    408 if it stalls, 413 if it is too large, 503 if there is no place for it, and 507 if the disk
    is full.

    Parameters
    ----------
    intake : Intake
        Where clips lie.
    """
    from starlette.requests import ClientDisconnect
    from starlette.responses import JSONResponse

    async def receive(request: Request) -> JSONResponse:
        try:
            _require_small(request.headers.get("content-length", ""), intake)
            name = request.query_params.get("name", "")
            return JSONResponse({"ticket": await intake.receive(name, request.stream())})
        except ClientDisconnect:
            status, reason = 400, "The clip did not arrive whole."
        except AstsvmError as error:
            status, reason = _status(error), str(error)
        except OSError as error:
            status = 507 if error.errno in _DISK_FULL else 503
            reason = f"The clip cannot be stored here: {error.strerror}. Tell who runs the app."
        # What a stalled sender may send yet is not waited for.
        closing = {"connection": "close"} if status == 408 else None
        return JSONResponse({"reason": reason}, status, closing)

    return receive


def _require_small(stated: str, intake: Intake) -> None:
    """Refuse a clip by the length it states, before a byte of it is read."""
    if stated.isdecimal() and int(stated) > intake.limits.bytes:
        raise TooLargeError(f"the file is too large: the app takes {intake.limits.describe()}")


def _status(error: AstsvmError) -> int:
    for kind, status in ((TooLargeError, 413), (StalledError, 408), (BusyError, 503)):
        if isinstance(error, kind):
            return status
    return 400
