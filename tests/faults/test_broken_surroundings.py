"""Preprocessing on a full disk, in a read-only folder, and with a decoder that breaks."""

import os
import shutil

import pytest

from astsvm.storage import open_clips

# A limit on the size of files stands for a full disk: writing beyond it fails in the same way.
FULL = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({0}, {0}))"

# For the owner of the machine no folder is read-only; here the process is no longer that.
ORDINARY_USER = """
import ctypes, os
if os.geteuid() == 0:
    version_3 = (ctypes.c_uint32 * 2)(0x20080522, 0)
    assert ctypes.CDLL(None).capset(version_3, (ctypes.c_uint32 * 6)()) == 0
"""


@pytest.mark.parametrize(
    ("limit", "writer", "parts"),
    [(4, "lock", 0), (300, "manifest", 0), (100_000, "part", 0), (3_000_000, "clip file", 6)],
)
def test_a_full_disk_ends_the_run_in_one_line_and_loses_nothing(
    preprocessing, tmp_path, limit, writer, parts
):
    output = tmp_path / "clips.h5"
    code, said = preprocessing.run(output, before=FULL.format(limit))
    assert (code, said.count("\n")) == (1, 1), said
    assert "File too large" in said, writer
    assert not output.exists()
    assert len(preprocessing.parts(output)) == parts
    assert not list(tmp_path.rglob("*.partial"))
    preprocessing.require_same_bytes(output)


def test_a_disk_too_full_for_the_record_of_a_failure(preprocessing, tmp_path):
    corpus, output = tmp_path / "corpus", tmp_path / "clips.h5"
    shutil.copytree(preprocessing.corpus, corpus)
    frame = preprocessing.frame(corpus, "s01_c01")
    content = frame.read_bytes()
    frame.write_bytes(content[:1000])
    run = preprocessing.of(corpus)
    assert run.run(output, before=FULL.format(100_000))[0] == 1
    code, said = run.run(output, "--resume", before=FULL.format(100))
    assert (code, said.count("\n")) == (1, 1), said
    assert "000000.json" in said
    frame.write_bytes(content)
    run.require_same_bytes(output)


def test_a_read_only_folder_is_told_and_can_be_gone_on_with(preprocessing, tmp_path):
    folder = tmp_path / "kept"
    folder.mkdir()
    output = folder / "clips.h5"
    folder.chmod(0o555)
    try:
        code, said = preprocessing.run(output, before=ORDINARY_USER)
        assert (code, said.count("\n")) == (1, 1), said
        assert "Permission denied" in said
        folder.chmod(0o755)
        assert list(folder.iterdir()) == []
        # All clips get finished, but the file cannot appear.
        (folder / "clips.h5.parts").mkdir()
        folder.chmod(0o555)
        code, said = preprocessing.run(output, before=ORDINARY_USER)
        assert (code, said.count("\n")) == (1, 1), said
        assert "Permission denied" in said
        assert len(preprocessing.parts(output)) == 6
    finally:
        folder.chmod(0o755)
    preprocessing.require_same_bytes(output)


# In place of OpenCV's decoder, by what the file says behind its last chunk.
BREAKING_DECODER = """
import os, resource, signal, time
import cv2

decode = cv2.imdecode


def break_down(content, flags):
    end = bytes(content[-8:])
    if end == b"segfault":
        os.kill(os.getpid(), signal.SIGSEGV)
    if end == b"for ever":
        time.sleep(1000)
    if end == b"too much":
        held = int(open("/proc/self/statm").read().split()[0]) * os.sysconf("SC_PAGESIZE")
        before = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (held + 2**26, before[1]))
        try:
            return bytearray(2**30)
        finally:
            resource.setrlimit(resource.RLIMIT_AS, before)
    return decode(content, flags)


cv2.imdecode = break_down
"""


@pytest.mark.slow
def test_a_crash_a_hang_and_too_little_memory_fail_one_clip_each(preprocessing, tmp_path):
    corpus, output = tmp_path / "corpus", tmp_path / "clips.h5"
    shutil.copytree(preprocessing.corpus, corpus)
    for clip, fate in (("s01_c02", "segfault"), ("s01_c03", "for ever"), ("s02_c01", "too much")):
        frame = preprocessing.frame(corpus, clip)
        frame.write_bytes(frame.read_bytes() + fate.encode())
    (tmp_path / "code").mkdir()
    # Workers are fresh processes; this is what reaches them all.
    (tmp_path / "code" / "sitecustomize.py").write_text(BREAKING_DECODER)
    run = preprocessing.of(corpus)
    path = os.pathsep.join(filter(None, [str(tmp_path / "code"), os.environ.get("PYTHONPATH")]))
    code, said = run.run(output, "--workers", 2, "--clip-timeout", 6, PYTHONPATH=path)
    assert code == 3
    assert said.count("skipped: ") == 3
    with (
        open_clips(output) as clips,
        open_clips(preprocessing.undisturbed) as undisturbed,
    ):
        reasons = {row.clip: row.reason for row in clips.skipped}
        kept = {record.key: record.sha256 for record in clips.records}
        expected = {record.key: record.sha256 for record in undisturbed.records}
    assert "its process died: ended by SIGSEGV" in reasons["synthetic/s01/s01_c02"]
    assert "its process was ended after 6.0 seconds" in reasons["synthetic/s01/s01_c03"]
    assert "MemoryError" in reasons["synthetic/s02/s02_c01"]
    assert kept == {key: digest for key, digest in expected.items() if key not in reasons}
    assert list(kept) == [key for key in expected if key in kept]
