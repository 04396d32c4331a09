"""What every process of a job sets: its name, and how many threads its libraries use."""

from __future__ import annotations

import contextlib
from pathlib import Path


def name_process(name: str) -> None:
    """Let ``top`` and ``ps`` show what a process is; a fork has its parent's command line."""
    with contextlib.suppress(OSError):
        Path("/proc/self/comm").write_text(name)


def thread_variables() -> tuple[str, ...]:
    """Return the environment variables that libraries read their number of threads from."""
    return ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
