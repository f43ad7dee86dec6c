"""The bundle's file: it comes back to the byte; anything else is refused in one line."""

import hashlib
import io
import json
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from astsvm.errors import StorageError
from astsvm.recognizer.bundle import Bundle
from astsvm.storage.sealed_archive import pack_archive

NAMES = ["manifest.json", "settings.json", "network.keras", "classifier.skops", "card.md"]


@pytest.fixture(scope="module")
def data(bundle):
    return bundle.to_bytes()


def members_of(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def refused(tmp_path, data):
    """Read bytes as a bundle, which must be refused in one line that names the file."""
    path = tmp_path / "model.astsvm"
    path.write_bytes(data)
    with pytest.raises(StorageError) as refusal:
        Bundle.read(path)
    text = str(refusal.value)
    assert text.startswith(f"{path}: expected a model that `astsvm train --final` wrote, but ")
    assert text.isprintable()
    assert len(text) < 700
    return text


def test_it_comes_back_to_the_byte(bundle, data, tmp_path):
    bundle.write(tmp_path / "model.astsvm")
    assert (tmp_path / "model.astsvm").read_bytes() == data
    back = Bundle.read(tmp_path / "model.astsvm")
    assert back.to_bytes() == data
    assert back.settings == bundle.settings
    assert back.manifest == bundle.manifest
    assert list(members_of(data)) == NAMES
    assert [path.name for path in tmp_path.iterdir()] == ["model.astsvm"]


def test_the_manifest_lists_size_and_checksum_of_every_other_member(bundle, data):
    members = members_of(data)
    listed = json.loads(members.pop("manifest.json"))["members"]
    assert listed == {
        name: {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in members.items()
    }


@pytest.mark.parametrize("name", NAMES[1:])
def test_a_changed_member_is_found_by_its_checksum(data, tmp_path, name):
    members = members_of(data)
    members[name] = members[name][:-1] + b"?"
    assert f"{name} is not what it was" in refused(tmp_path, pack_archive(members))


def test_a_truncated_file_is_refused(data, tmp_path):
    for length in (0, 3, 1000, len(data) // 2, len(data) - 1):
        refused(tmp_path, data[:length])


def test_a_foreign_file_is_refused(data, tmp_path):
    refused(tmp_path, b"\x89PNG\r\n\x1a\n" + bytes(100))
    assert "not one of astsvm's" in refused(
        tmp_path, pack_archive({**members_of(data), "manifest.json": b'{"format": "other"}'})
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("config.json", "{}")
    assert "it lists 'config.json'" in refused(tmp_path, buffer.getvalue())


def with_manifest(data, /, **changes):
    members = members_of(data)
    manifest = json.loads(members["manifest.json"]) | changes
    content = json.dumps(manifest, sort_keys=True, separators=(",", ":")).encode()
    return pack_archive({**members, "manifest.json": content})


def test_a_newer_format_is_named_with_what_wrote_it(data, tmp_path):
    text = refused(
        tmp_path,
        with_manifest(data, format_version=2, generated_by="astsvm 9.0", unheard_of=1),
    )
    assert "format version 2, this astsvm reads version 1" in text
    assert "astsvm 9.0" in text


def calibration(**changes):
    known = {"scale": 1.0, "bias": [0, 0, 0], "clips": 9, "seeds": 1, "log_loss": 1.0}
    return {**known, "base_rate_log_loss": 1.0, "predictions_sha256": "0" * 64, **changes}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"class_names": ["one"]}, "class_names"),
        ({"class_names": ["one", "one"]}, "must differ"),
        ({"synthetic": "perhaps"}, "synthetic"),
        ({"secret": 1}, "secret"),
        ({"members": {}}, "lists other members"),
        ({"format_version": True}, "format version True"),
        ({"data": None}, "data"),
        ({"class_names": ["\x1b[31mred\nsurprise", "b", "c"]}, r"received '\x1b[31mred\nsurp"),
        ({"class_names": ["a", "b\x00", "c"]}, "one line of printable characters"),
        ({"class_names": ["a", "\u202eb", "c"]}, "one line of printable characters"),
        ({"protocol": "a\x1b]0;owned\x07"}, "protocol"),
        ({"versions": {"\x1b[2J": "1"}}, "one line of printable characters"),
        ({"format_version": "\x1b[2J"}, r"format version \x1b[2J"),
        ({"format_version": 2, "generated_by": "\x1b[2J"}, r"written by \x1b[2J"),
        ({"\x1b[2J": 1}, "there is no such setting"),
        ({"calibration": calibration(scale=1.7e308)}, "calibration.scale"),
        ({"calibration": calibration(bias=[0, 1.7e308, 0])}, "calibration.bias.1"),
        ({"calibration": calibration(bias=[0, -1e7, 0])}, "greater than or equal to -1000000"),
    ],
)
def test_a_manifest_that_says_something_odd_is_refused(data, tmp_path, changes, says):
    assert says in refused(tmp_path, with_manifest(data, **changes))


def test_a_manifest_that_is_no_json_object_is_refused(data, tmp_path):
    members = members_of(data)
    for content in (b"", b"[]", b"{", b"\xff", b"[" * 100_000, b'{"format": NaN}'):
        refused(tmp_path, pack_archive({**members, "manifest.json": content}))


def test_a_bundle_from_before_a_setting_was_there_comes_back_to_the_byte(data, bundle, tmp_path):
    members = members_of(data)
    settings = json.loads(members["settings.json"])
    assert settings["network"].pop("precision") == "float32"
    older = json.dumps(settings, sort_keys=True, separators=(",", ":")).encode()
    manifest = json.loads(members["manifest.json"])
    record = {"size": len(older), "sha256": hashlib.sha256(older).hexdigest()}
    manifest["members"]["settings.json"] = record
    text = json.dumps(manifest, sort_keys=True, separators=(",", ":")).encode()
    content = pack_archive({**members, "manifest.json": text, "settings.json": older})
    (tmp_path / "older.astsvm").write_bytes(content)
    back = Bundle.read(tmp_path / "older.astsvm")
    assert back.settings == bundle.settings
    assert back.to_bytes() == content


def test_settings_that_are_none_are_refused_even_with_the_right_checksum(bundle, tmp_path):
    for content in (b"{}x", b'{"preset": 3}', b'{"surprise": 1}'):
        members = members_of(bundle.to_bytes())
        manifest = json.loads(members["manifest.json"])
        manifest["members"]["settings.json"] = {
            "size": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
        text = json.dumps(manifest, sort_keys=True, separators=(",", ":")).encode()
        forged = pack_archive({**members, "manifest.json": text, "settings.json": content})
        assert "settings or card cannot be read" in refused(tmp_path, forged)


def resealed(members, name, content):
    manifest = json.loads(members["manifest.json"])
    record = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    manifest["members"][name] = record
    text = json.dumps(manifest, sort_keys=True, separators=(",", ":")).encode()
    return pack_archive({**members, "manifest.json": text, name: content})


def test_settings_and_card_hold_nothing_that_a_terminal_obeys(data, tmp_path):
    members = members_of(data)
    settings = json.loads(members["settings.json"]) | {"preset": "\x1b]0;owned\x07"}
    forged = resealed(members, "settings.json", json.dumps(settings).encode())
    assert "preset: must be one line of printable characters" in refused(tmp_path, forged)
    forged = resealed(members, "card.md", members["card.md"] + b"\x1b]0;owned\x07\n")
    assert r"card.md holds what is not printable: '\x07'" in refused(tmp_path, forged)
    (tmp_path / "model.astsvm").write_bytes(resealed(members, "card.md", b"# Two\n\nlines\n"))
    assert Bundle.read(tmp_path / "model.astsvm").card == "# Two\n\nlines\n"


def test_a_file_that_cannot_be_read_is_one_line(tmp_path):
    for path in (tmp_path / "nothing", tmp_path):
        with pytest.raises(StorageError, match="cannot be read"):
            Bundle.read(path)


def test_an_endless_or_huge_file_is_not_read_into_memory(tmp_path, monkeypatch):
    from astsvm.recognizer import bundle as module

    path = tmp_path / "model.astsvm"
    with path.open("wb") as file:
        file.truncate(2**34)
    with pytest.raises(StorageError, match="below 1282 MiB, received 16384 MiB"):
        Bundle.read(path)
    monkeypatch.setattr(module, "_LARGEST", {"manifest.json": 2**16})
    with pytest.raises(StorageError, match="received more"):
        Bundle.read(Path("/dev/zero"))


@settings(
    deadline=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(place=st.floats(0, 1, exclude_max=True), flip=st.integers(1, 255))
def test_no_flipped_byte_goes_unnoticed(data, tmp_path, place, flip):
    forged = bytearray(data)
    forged[int(place * len(forged))] ^= flip
    refused(tmp_path, bytes(forged))
