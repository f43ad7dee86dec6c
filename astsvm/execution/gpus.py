"""GPUs of this machine, and where the processes of a run find room on them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from astsvm.errors import InvalidInputError, MissingResourceError
from astsvm.execution.environment import GPU_MEMORY_ON_DEMAND, VISIBLE_GPUS, WITHOUT_GPU
from astsvm.execution.local import run_tasks

__all__ = ["find_gpus", "places_of_processes"]

_DRIVERS = ("/dev/nvidiactl", "/dev/kfd")
"""Files that there are only with a driver for GPUs of NVIDIA or AMD."""


def find_gpus() -> tuple[str, ...]:
    """Return the names of the GPUs TensorFlow can compute with here.

    TensorFlow is asked in a process of its own: it would keep the GPU to the process that asks.
    Without a driver nobody is asked.

    Raises
    ------
    AstsvmError
        If the process that asks ends without an answer.
    """
    if not any(Path(driver).exists() for driver in _DRIVERS):
        return ()
    (outcome,) = run_tasks(_gpu_names, [None])
    if outcome.error:
        raise outcome.error
    return outcome.result or ()


def _gpu_names(_: None) -> tuple[str, ...]:
    from astsvm.network.start import start_tensorflow

    start_tensorflow()
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
    return tuple(detail.get("device_name", "GPU of unknown kind") for detail in details)


def places_of_processes(
    gpus: int, gpus_per_task: float | None, workers: int
) -> tuple[Mapping[str, str], ...]:
    """Return the environment of each process that may run at a time.

    Parameters
    ----------
    gpus : int
        How many GPUs there are.
    gpus_per_task : float, optional
        The part of a GPU a task gets, up to 1; 0 for none. By default the GPUs, if there are any,
        are shared out evenly among the workers.
    workers : int
        How many processes are wanted; with GPUs there may be room for fewer.

    Raises
    ------
    InvalidInputError
        If a task is to get more than one GPU, or less than none.
    MissingResourceError
        If GPUs are asked for and there is none.
    """
    if gpus_per_task is not None and not 0 <= gpus_per_task <= 1:
        raise InvalidInputError(
            f"expected a task on this machine to get 0 to 1 GPU, received {gpus_per_task!r}."
        )
    if gpus_per_task and not gpus:
        raise MissingResourceError(
            "GPUs are asked for, but TensorFlow finds none it can compute with on this machine. "
            "Install tensorflow[and-cuda] beside a driver, or ask for none."
        )
    if not gpus or gpus_per_task == 0:
        return (WITHOUT_GPU,) * workers
    on_each = int(1 / gpus_per_task + 1e-9) if gpus_per_task else -(-workers // gpus)
    # One after the other, so that few processes share as little as possible.
    return tuple(
        {VISIBLE_GPUS: name, **GPU_MEMORY_ON_DEMAND}
        for _ in range(on_each)
        for name in _names(gpus)
    )[:workers]


def _names(gpus: int) -> list[str]:
    """Return what the driver calls the GPUs that whoever starts us lets us see."""
    visible = os.environ.get(VISIBLE_GPUS)
    return (
        [name.strip() for name in visible.split(",")][:gpus]
        if visible
        else list(map(str, range(gpus)))
    )
