"""Where and with what a benchmark ran: machine, versions, commit."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from astsvm.versions import installed_versions

LIBRARIES = ("tensorflow", "keras", "numpy", "h5py")


def describe_run(libraries: tuple[str, ...] = LIBRARIES) -> dict[str, str]:
    """Return the date, the machine, the versions of what matters there, and the commit."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "machine": f"{_processor()}, {os.cpu_count()} cores, {_memory()}",
        "load": f"{os.getloadavg()[0]:.1f} processes at the start",
        "versions": ", ".join(f"{k} {v}" for k, v in installed_versions(libraries).items()),
        "commit": _commit(),
    }


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    found = {key.strip(): value.strip() for key, _, value in (x.partition(":") for x in lines)}
    flags = found.get("flags", "").split()
    widest = next((flag for flag in ("avx512f", "avx2", "avx") if flag in flags), "no AVX")
    vnni = " with VNNI" if "avx512_vnni" in flags or "avx_vnni" in flags else ""
    return f"{found.get('model name', 'unknown processor')} ({widest}{vnni})"


def _memory() -> str:
    total = next(
        line.split()[1]
        for line in Path("/proc/meminfo").read_text().splitlines()
        if line.startswith("MemTotal")
    )
    return f"{int(total) / 2**20:.0f} GiB"


def _commit() -> str:
    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd=Path(__file__).parent,
        ).stdout.strip()

    changed = ", with changes" if git("status", "--porcelain", "--untracked-files=no") else ""
    return f"{git('rev-parse', '--short', 'HEAD') or 'unknown'}{changed}"
