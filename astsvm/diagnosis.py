"""What this installation has, what it lacks, and how to get it: `astsvm doctor`."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from packaging.requirements import Requirement

from astsvm.errors import AstsvmError, MissingResourceError

__all__ = ["Finding", "diagnose"]

_WANTED_CPU_FEATURES = ("avx2", "fma")
_FREE_GIB_WANTED = 5.0
_EXTRAS = {
    "cluster": "for --cluster",
    "onnx": "for `astsvm export --format onnx`",
    "app": "for `astsvm app`",
}
"""What can be installed besides, and what for."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the diagnosis.

    Parameters
    ----------
    name : str
        What was looked at.
    found : str
        What is there.
    advice : str
        What to do about it; empty where all is well or nothing needs doing.
    fault : bool
        Whether astsvm cannot work as intended because of it.
    """

    name: str
    found: str
    advice: str = ""
    fault: bool = False


def diagnose(folder: Path | None = None) -> list[Finding]:
    """Look at this machine and installation.

    Parameters
    ----------
    folder : Path, optional
        Where results would be written; its disk is measured. Default: the current folder.

    Returns
    -------
    list of Finding
        In the order in which a newcomer should read them.
    """
    return [
        *_packages(),
        *_extras(),
        _processor(),
        _onednn(),
        *_landmark_files(),
        *_shipped_models(),
        _disk(folder or Path.cwd()),
        _gpu(),
    ]


def _packages() -> list[Finding]:
    findings = [Finding("python", platform.python_version())]
    for line in requires("astsvm") or []:
        requirement = Requirement(line)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        wanted = f"{requirement.name}{requirement.specifier}"
        advice = f"python -m pip install '{wanted}'"
        try:
            found = version(requirement.name)
        except PackageNotFoundError:
            findings.append(Finding(requirement.name, "not installed", advice, fault=True))
            continue
        if requirement.specifier.contains(found, prereleases=True):
            findings.append(Finding(requirement.name, found))
        else:
            told = f"{found}, expected {requirement.specifier}"
            findings.append(Finding(requirement.name, told, advice, fault=True))
    return findings


def _extras() -> list[Finding]:
    findings = []
    for extra, purpose in _EXTRAS.items():
        absent = []
        for line in requires("astsvm") or []:
            requirement = Requirement(line)
            marker = requirement.marker
            if marker is None or marker.evaluate({"extra": ""}):
                continue
            if marker.evaluate({"extra": extra}) and not _is_installed(requirement.name):
                absent.append(requirement.name)
        name = f"astsvm[{extra}]"
        if absent:
            found = f"not installed ({purpose}): {', '.join(absent)}"
            command = f"pip install --constraint constraints.txt -e '.[{extra}]'"
            advice = f"only if wanted, in the repository's folder: {command}"
            findings.append(Finding(name, found, advice))
        else:
            findings.append(Finding(name, f"installed ({purpose})"))
    return findings


def _is_installed(package: str) -> bool:
    try:
        version(package)
    except PackageNotFoundError:
        return False
    return True


def _processor() -> Finding:
    cores = os.cpu_count() or 1
    described = f"{platform.machine()}, {cores} cores"
    cpuinfo = Path("/proc/cpuinfo")
    if not cpuinfo.exists():
        return Finding("processor", f"{described}; features unknown on {sys.platform}")
    words = set(cpuinfo.read_text(encoding="utf-8", errors="replace").split())
    missing = [feature for feature in _WANTED_CPU_FEATURES if feature not in words]
    if missing and platform.machine() == "x86_64":
        advice = "training works, several times slower than on a processor that has them"
        return Finding("processor", f"{described}, without {', '.join(missing)}", advice)
    present = [f for f in (*_WANTED_CPU_FEATURES, "avx512f") if f in words]
    return Finding("processor", f"{described}, {', '.join(present) or 'no AVX'}")


def _onednn() -> Finding:
    if os.environ.get("TF_ENABLE_ONEDNN_OPTS") == "0":
        advice = "unset TF_ENABLE_ONEDNN_OPTS; training is up to ten times slower without oneDNN"
        return Finding("oneDNN", "switched off by TF_ENABLE_ONEDNN_OPTS=0", advice)
    return Finding("oneDNN", "on (astsvm sets TF_ENABLE_ONEDNN_OPTS=1)")


def _landmark_files() -> list[Finding]:
    from astsvm.preprocessing.face import landmark_model_path

    licences = {
        68: "trained on iBUG 300-W, which excludes commercial use",
        5: "no such limit on its use",
    }
    findings = []
    for points, licence in licences.items():
        name = f"landmarks ({points} points)"
        try:
            path = landmark_model_path(points)
        except MissingResourceError as error:
            findings.append(Finding(name, "missing", str(error), fault=True))
        else:
            findings.append(Finding(name, f"{path} ({licence})"))
    return findings


def _shipped_models() -> list[Finding]:
    from astsvm.recognizer.shipped import verified_models, weights_folder

    try:
        folder = weights_folder()
        models = verified_models(folder)
    except AstsvmError as error:
        return [Finding("shipped models", "missing or damaged", str(error), fault=True)]
    return [
        Finding(
            f"model {name}",
            f"whole, in {folder}{', trained on SYNTHETIC clips' if model.synthetic else ''}",
        )
        for name, model in models.items()
    ]


def _disk(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free / 2**30
    found = f"{free:.1f} GiB free in {folder}"
    if free < _FREE_GIB_WANTED:
        advice = "442 clips preprocessed at 192 x 192 take about 1.3 GiB, and as much while writing"
        return Finding("disk", found, advice)
    return Finding("disk", found)


def _gpu() -> Finding:
    from astsvm.network.start import start_tensorflow

    start_tensorflow()
    import tensorflow

    devices = tensorflow.config.list_physical_devices("GPU")
    if not devices:
        return Finding("GPU", "none; training runs on the processor")
    return Finding("GPU", ", ".join(device.name for device in devices))
