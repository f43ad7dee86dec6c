"""Start TensorFlow without the lines it writes to stderr on every import.

TensorFlow 2.21 tells of oneDNN, missing GPU drivers and processor features before its log can be
configured, so that no environment variable silences it. A run of two workers would begin with a
screen of them. Anything else that is said meanwhile is passed on.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from importlib import import_module

__all__ = ["start_tensorflow"]

_START_LINE = re.compile(
    r"WARNING: All log messages before absl::InitializeLog\(\)"
    r"|[IWE]\d{4} [\d:.]+ +\d+ (port|cudart_stub|cpu_feature_guard|cuda_platform)\.cc:\d+\]"
    r"|To enable the following instructions: "
)
_STDERR = 2


def start_tensorflow() -> None:
    """Import TensorFlow and Keras; nothing happens if they are loaded already.

    While they load, this process's stderr goes to a temporary file; lines that are not
    TensorFlow's usual start are passed on afterwards, also when the import fails.
    """
    if "tensorflow" in sys.modules and "keras" in sys.modules:
        return
    try:
        terminal = os.dup(_STDERR)
    except OSError:  # stderr is closed; there is nobody to be spared
        import_module("tensorflow")
        import_module("keras")
        return
    sys.stderr.flush()
    with tempfile.TemporaryFile() as said:
        os.dup2(said.fileno(), _STDERR)
        try:
            import_module("tensorflow").config.list_physical_devices()
            import_module("keras")
        finally:
            os.dup2(terminal, _STDERR)
            os.close(terminal)
            said.seek(0)
            for line in said.read().decode(errors="replace").splitlines():
                if not _START_LINE.match(line):
                    sys.stderr.write(f"{line}\n")
