"""What a process on a node does with its tasks; the cluster itself is in ``test_cluster.py``."""

from __future__ import annotations

import subprocess
import sys

_SCRIPT = """
import sys, time
from astsvm.execution.node import answer_task

numbers = {}

def compute(seconds, shared):
    numbers["of"] = seconds
    time.sleep(seconds)
    return numbers["of"]

def answer(seconds):
    return answer_task(compute, seconds, None, dict, {}, 0.2)

print(answer(0.01).result, answer_task(compute, 0.01, None, dict, {}, 1e300).result, flush=True)
print(answer(60).error, flush=True)
late = answer(0.05)
print(late.result, late.ending, flush=True)
time.sleep(60)
"""


def test_no_task_is_answered_beside_one_that_was_given_up():
    """What the two share, as a compiled network, would make a wrong number of the second one."""
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.splitlines() == [
        "0.01 0.01",
        "its process was ended after 0.2 seconds",
        "None True",
    ]
    assert done.returncode == 1
