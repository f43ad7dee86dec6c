from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from astsvm.errors import StorageError
from astsvm.storage import open_clips, validate
from astsvm.storage.inspection import read_attributes
from astsvm.storage.schema import file_digest


def fixed(text: str) -> np.bytes_:
    return np.bytes_(text.encode())


def reseal(file: h5py.File) -> None:
    """Make the root checksum right again, as a forger would."""
    clips = [read_attributes(group) for group in file["clips"].values()]
    attributes = read_attributes(file)
    file.attrs["sha256"] = fixed(file_digest(attributes, clips, ()))


Fault = Callable[[h5py.File], None]


def external_link(file: h5py.File) -> None:
    del file["clips/000001/frames"]
    file["clips/000001/frames"] = h5py.ExternalLink("/etc/passwd", "/x")


def external_group(file: h5py.File) -> None:
    del file["clips"]
    file["clips"] = h5py.ExternalLink("other.h5", "/clips")


def soft_link(file: h5py.File) -> None:
    del file["clips/000001/streams/flow"]
    file["clips/000001/streams/flow"] = h5py.SoftLink("/clips/000000/streams/flow")


def replace_flow(**options: Any) -> Fault:
    def fault(file: h5py.File) -> None:
        group = file["clips/000001/streams"]
        del group["flow"]
        group.create_dataset("flow", **options)

    return fault


def virtual(file: h5py.File) -> None:
    group = file["clips/000001/streams"]
    del group["flow"]
    layout = h5py.VirtualLayout((2, 3, 4, 2), "<f2")
    layout[:] = h5py.VirtualSource("other.h5", "x", shape=(2, 3, 4, 2))
    group.create_virtual_dataset("flow", layout)


def remove(name: str) -> Fault:
    def fault(file: h5py.File) -> None:
        del file[name]

    return fault


def attribute(name: str, value: Any, where: str = "clips/000001") -> Fault:
    def fault(file: h5py.File) -> None:
        file[where].attrs[name] = value

    return fault


def renumber(file: h5py.File) -> None:
    file.move("clips/000001", "clips/000007")


def cycle(file: h5py.File) -> None:
    del file["clips/000001/streams"]
    file["clips/000001/streams"] = file["clips"]


SHAPE = (2, 3, 4, 2)
FAULTS: dict[str, tuple[Fault, str]] = {
    "external link": (external_link, "link to elsewhere"),
    "external group": (external_group, "link to elsewhere"),
    "soft link": (soft_link, "link to elsewhere"),
    "virtual dataset": (virtual, "virtual, external, chunked and compressed"),
    "external storage": (
        replace_flow(shape=SHAPE, dtype="<f2", external=[("secret.bin", 0, 96)]),
        "virtual, external",
    ),
    "chunked": (replace_flow(data=np.zeros(SHAPE, "<f2"), chunks=SHAPE), "chunked"),
    "compressed": (replace_flow(data=np.zeros(SHAPE, "<f2"), compression=1), "compressed"),
    "bomb": (
        replace_flow(shape=(1000, 4096, 4096, 64), dtype="<f2", chunks=True, compression=9),
        "compressed",
    ),
    "never written": (replace_flow(shape=(1000, 4096, 4096, 64), dtype="<f2"), "truncated"),
    "object dtype": (
        replace_flow(data=np.full(SHAPE, "x", object), dtype=h5py.string_dtype()),
        "must be float16",
    ),
    "float32": (replace_flow(data=np.zeros(SHAPE, "<f4")), "must be float16"),
    "big-endian": (replace_flow(data=np.zeros(SHAPE, ">f2")), "must be float16"),
    "three dimensions": (replace_flow(data=np.zeros((2, 3, 4), "<f2")), "with 4 dimensions"),
    "empty array": (replace_flow(shape=(0, 3, 4, 2), dtype="<f2"), "of at least 1"),
    "other shape": (replace_flow(data=np.zeros((1, 3, 4, 2), "<f2")), "the same in every clip"),
    "no streams": (remove("clips/000001/streams"), "no stream"),
    "no clips": (remove("clips"), "expected clips and skipped"),
    "no table": (remove("skipped"), "expected clips and skipped"),
    "clip missing": (remove("clips/000001"), "not numbered"),
    "renumbered": (renumber, "not numbered"),
    "cycle": (cycle, "odd name '000000'"),
    "foreign dataset": (lambda f: f["clips/000001"].create_group("x"), "not part of a clip"),
    "foreign group": (lambda f: f.create_group("x"), "expected clips and skipped"),
    "unknown attribute": (attribute("x", np.int64(1)), "unknown attributes: x"),
    "label as number": (attribute("label", np.int64(1)), "str attribute 'label'"),
    "label as array": (attribute("label", np.zeros(3)), "scalar text"),
    "label of any length": (attribute("label", "x"), "scalar text"),
    "objective class as number": (
        attribute("objective_class", np.int64(1)),
        "str attribute 'objective_class'",
    ),
    "objective class as array": (attribute("objective_class", np.zeros(3)), "scalar text"),
    "objective class of any length": (attribute("objective_class", "I"), "scalar text"),
    "no such objective class": (
        attribute("objective_class", fixed("VIII")),
        "describes no valid clip: .*I to VII",
    ),
    "empty objective class": (
        attribute("objective_class", fixed("")),
        "must not have the attribute 'objective_class' empty",
    ),
    "objective class added": (attribute("objective_class", fixed("I")), "an attribute has changed"),
    "path as subject": (attribute("subject", fixed("../x")), "describes no valid clip"),
    "bad checksum text": (attribute("sha256", fixed("x")), "64 hexadecimal"),
    "bad notes": (attribute("notes", fixed("[1]")), "list of texts as notes"),
    "damaged notes": (attribute("notes", fixed("[")), "damaged"),
    "not UTF-8": (attribute("label", np.bytes_(b"\xff\xfe")), "damaged"),
    "settings no object": (attribute("settings", fixed("[]"), "/"), "JSON object"),
    "version text": (attribute("format-version", fixed("1"), "/"), "positive int64"),
    "clip twice": (attribute("clip", fixed("a")), "stored more than once"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_what_a_clip_file_never_holds_is_refused(clip_file: Path, name: str) -> None:
    fault, message = FAULTS[name]
    with h5py.File(clip_file, "r+") as file:
        fault(file)
        if name in ("other shape", "clip twice"):
            if name == "clip twice":
                file["clips/000001"].attrs["subject"] = file["clips/000000"].attrs["subject"]
            reseal(file)
    for check in (validate, open_clips):
        with pytest.raises(StorageError, match=message) as caught:
            check(clip_file)
        assert str(caught.value).startswith(f"{clip_file}: ")
        assert "\n" not in str(caught.value)
