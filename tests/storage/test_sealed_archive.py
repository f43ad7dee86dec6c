"""Archives of one possible form: equal members, equal bytes; everything else is refused."""

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astsvm.errors import StorageError
from astsvm.storage.sealed_archive import pack_archive, unpack_archive

MEMBERS = {"a.json": b"{}", "b.bin": bytes(range(256))}
LIMITS = {"a.json": 100, "b.bin": 256}
DATA = pack_archive(MEMBERS)


def zipped(members, compression=zipfile.ZIP_STORED, comment=b""):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content, compression)
        archive.comment = comment
    return buffer.getvalue()


def test_members_come_back_in_order_and_any_zip_program_reads_them():
    assert list(unpack_archive(DATA, LIMITS).items()) == list(MEMBERS.items())
    with zipfile.ZipFile(io.BytesIO(DATA)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == list(MEMBERS)


def test_nothing_of_the_moment_is_in_it(monkeypatch):
    monkeypatch.setattr("time.localtime", lambda *_: (2031, 2, 3, 4, 5, 6, 0, 0, 0))
    assert pack_archive(MEMBERS) == DATA


@pytest.mark.parametrize(
    "members",
    [
        [("a.json", b"{}")],
        [("b.bin", b""), ("a.json", b"{}")],
        [("a.json", b"{}"), ("b.bin", b""), ("c", b"")],
        [("a.json", b"{}"), ("../b.bin", b"")],
        [("a.json", b"{}"), ("/etc/passwd", b"")],
    ],
    ids=["missing", "order", "more", "traversal", "absolute"],
)
def test_other_members_are_refused(members):
    with pytest.raises(StorageError, match="expected the members"):
        unpack_archive(zipped(members), LIMITS)


def test_a_doubled_member_is_refused():
    with pytest.warns(UserWarning, match="Duplicate"):
        doubled = zipped([("a.json", b"{}"), ("b.bin", b"1"), ("b.bin", b"2")])
    with pytest.raises(StorageError, match="expected the members"):
        unpack_archive(doubled, LIMITS)


def test_a_bomb_is_refused_before_it_unfolds():
    bomb = zipped([("a.json", b"{}"), ("b.bin", bytes(10**7))], zipfile.ZIP_DEFLATED)
    assert len(bomb) < 20_000
    with pytest.raises(StorageError, match="compressed"):
        unpack_archive(bomb, {"a.json": 100, "b.bin": 10**8})


def test_a_large_member_is_refused_by_its_claim():
    with pytest.raises(StorageError, match=r"b\.bin claims 256 bytes, more than 255"):
        unpack_archive(DATA, {**LIMITS, "b.bin": 255})
    # The claim alone, in the listing at the end: 0x40000000 bytes that are not there.
    place = DATA.rindex(b"PK\x01\x02") + 20
    forged = DATA[:place] + b"\0\0\0\x40\0\0\0\x40" + DATA[place + 8 :]
    with pytest.raises(StorageError, match="more than"):
        unpack_archive(forged, LIMITS)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK",
        b"no archive",
        DATA[:-1],
        DATA[: len(DATA) // 2],
        b"#!/bin/sh\n" + DATA,
        DATA + b"\0",
        zipped(MEMBERS.items()),
        zipped(MEMBERS.items(), comment=b"hello"),
    ],
    ids=["empty", "two", "text", "cut", "half", "before", "after", "written otherwise", "comment"],
)
def test_what_is_no_such_archive_is_refused(data):
    with pytest.raises(StorageError):
        unpack_archive(data, LIMITS)


@given(place=st.integers(0, len(DATA) - 1), flip=st.integers(1, 255))
def test_no_flipped_byte_goes_unnoticed(place, flip):
    forged = bytearray(DATA)
    forged[place] ^= flip
    with pytest.raises(StorageError) as refusal:
        unpack_archive(bytes(forged), LIMITS)
    assert "\n" not in str(refusal.value)
