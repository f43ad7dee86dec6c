"""Zip archives that can be written in one way only: equal members give equal bytes.

Members are stored, not compressed, under fixed names in a fixed order, without times, comments or
extra fields. Reading is as strict: what is found is packed again and must give the very bytes that
were read, so there is nowhere to hide a second file, a path, or a byte that nobody looks at. And
since nothing is compressed, nothing can unfold to more than the file's own size.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping

from astsvm.errors import StorageError

__all__ = ["ZIP_ERRORS", "pack_archive", "unpack_archive"]

ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    ArithmeticError,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    RuntimeError,
    ValueError,
)
"""What the standard library raises when it is led astray by a damaged archive."""

_EARLIEST = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
_READABLE = 0o644 << 16


def pack_archive(members: Mapping[str, bytes]) -> bytes:
    """Return a zip archive of the members, in their order.

    Parameters
    ----------
    members : mapping of str to bytes
        Contents by name.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name, date_time=_EARLIEST)
            info.create_system, info.external_attr = _UNIX, _READABLE
            archive.writestr(info, content)
    return buffer.getvalue()


def unpack_archive(data: bytes, largest: Mapping[str, int]) -> dict[str, bytes]:
    """Return the members of an archive that :func:`pack_archive` wrote.

    Parameters
    ----------
    data : bytes
        The archive.
    largest : mapping of str to int
        The names it must have, in their order, and the most bytes that each may have.

    Raises
    ------
    StorageError
        If it is no such archive: cut, changed, with other members, compressed, or too large. The
        message does not name the file, which the caller knows.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check_listing(archive.infolist(), largest)
            members = {name: archive.read(name) for name in largest}
    except ZIP_ERRORS as error:
        text = " ".join(str(error).split())[:120]
        raise StorageError(f"it is no whole archive ({type(error).__name__}: {text})") from error
    if pack_archive(members) != data:
        raise StorageError("it holds bytes that astsvm does not write")
    return members


def _check_listing(listing: list[zipfile.ZipInfo], largest: Mapping[str, int]) -> None:
    names = [info.filename for info in listing]
    if names != list(largest):
        shown = ", ".join(repr(name[:60]) for name in names[:8]) or "nothing"
        raise StorageError(f"expected the members {', '.join(largest)}, it lists {shown}")
    for info in listing:
        if info.compress_type != zipfile.ZIP_STORED or info.flag_bits:
            raise StorageError(f"{info.filename} is compressed or encrypted")
        if max(info.file_size, info.compress_size) > largest[info.filename]:
            raise StorageError(
                f"{info.filename} claims {max(info.file_size, info.compress_size)} bytes, more "
                f"than {largest[info.filename]}"
            )
