"""A server process ends when its supervisor is gone, at whatever moment that happens."""

from __future__ import annotations

import subprocess
import sys

import pytest

# The child has its parent's handler, as workers of a server do that are forked.
SCRIPT = """
import os, signal, sys, time
from wotu.core.parent_process import VARIABLE, as_parent, end_with_parent

signal.signal(signal.SIGTERM, lambda *_: None)
os.environ.update(as_parent())
reading, writing = os.pipe()
if os.fork():
    os.close(writing)
    {wait}
    os._exit(0)
{before}
end_with_parent({by})
{after}
os.close(writing)
time.sleep(5)
print("still here")
"""
# As a worker that waits for itself while it is stopped.
DEAF = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"
GONE = "while os.getppid() == int(os.environ[VARIABLE]): time.sleep(0.01)"


@pytest.mark.parametrize(
    ("wait", "before", "by", "after"),
    [
        pytest.param("pass", GONE, "", "", id="gone before"),
        pytest.param("os.read(reading, 1)", "os.close(reading)", "", "", id="later"),
        pytest.param("os.read(reading, 1)", "os.close(reading)", "by=signal.SIGKILL", DEAF, id="later, deaf"),
    ],
)
def test_a_forked_process_ends_with_its_parent(wait: str, before: str, by: str, after: str) -> None:
    # Standard output is closed when the last of both has ended.
    command = [sys.executable, "-c", SCRIPT.format(wait=wait, before=before, by=by, after=after)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("", "")
