"""What is decided about a trial by its number alone: its seed, its role, the jobs it waits for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256
from itertools import count

PROPOSAL, ENQUEUED, REPLICATE, FALLBACK = "proposal", "enqueued", "replicate", "fallback"


def seed_for(*words: object) -> int:
    """Return a seed in ``0 .. 2**31-1`` that depends on `words` and on nothing else."""
    return int.from_bytes(sha256(":".join(map(str, words)).encode()).digest()[:4]) >> 1


@dataclass(frozen=True)
class Schedule:
    """The roles of a sweep's trials.

    Attributes
    ----------
    n_enqueued : int
        The first trials take given points.
    fallback : float
        Share of the trials that leave the space, to begin with.
    replicates : sequence of (int, int)
        From each first number to before the second, every second trial re-runs one of the best
        points.
    """

    n_enqueued: int = 0
    fallback: float = 0.0
    replicates: Sequence[Sequence[int]] = ()

    @classmethod
    def plan(
        cls,
        n_trials: int,
        n_enqueued: int,
        replicate: float,
        fallback: float,
        max_trials: int | None = None,
    ) -> Schedule:
        """Plan the roles of `n_trials` trials, and of an extension to `max_trials`.

        About a share `replicate` re-runs the best at the end. What an extension adds ends in the
        same way, and no role before it depends on whether there will be one.
        """
        spans: list[tuple[int, int]] = []
        begin, planned = n_enqueued, 0
        for end in (n_trials, max(n_trials, max_trials or 0)):
            wanted = round(end * replicate) - planned
            length = min(max(0, 2 * wanted - 1), max(0, end - begin))
            if length:
                spans.append((end - length, end))
            begin, planned = max(begin, end), planned + wanted
        return cls(n_enqueued, fallback, tuple(spans))

    def role(self, number: int) -> str:
        """Return the role of trial `number`."""
        if number < self.n_enqueued:
            return ENQUEUED
        for first, end in self.replicates:
            if first <= number < end:
                return REPLICATE if (number - first) % 2 == 0 else PROPOSAL
        return PROPOSAL

    def up_to(self, last: int) -> Schedule:
        """Return the part that trials up to number `last` can see.

        Before the first replicates it does not depend on the length of the sweep: a longer sweep
        keeps its start.
        """
        seen = tuple(span for span in self.replicates if span[0] <= last)
        return Schedule(self.n_enqueued, self.fallback, seen)


def quota_sequence(weights: tuple[float, ...]) -> Iterator[int]:
    """Yield choice indices whose counts follow `weights` as closely as whole numbers allow.

    Of the choices that may come now, the one comes whose quota falls due first. The counts of every
    prefix deviate from the exact shares by less than one, those of every run by less than two; of
    two choices by at most a half and by at most one (the "chairman assignment problem":
    Tijdeman, R. (1980), Discrete Mathematics 32, 323-330).

    Parameters
    ----------
    weights : tuple of float
        Shares that sum to one.
    """
    shares = [Fraction(w).limit_denominator(10_000) for w in weights]
    shares = [share / sum(shares) for share in shares]
    slack = 1 - Fraction(1, max(2, 2 * len(shares) - 2))
    counts = [0] * len(shares)
    for step in count(1):
        due = [i for i, s in enumerate(shares) if s and s * step - counts[i] >= 1 - slack]
        chosen = min(due, key=lambda i: ((slack + counts[i]) / shares[i], i))
        counts[chosen] += 1
        yield chosen


def job_numbers(job: int, trials_per_job: int, n_trials: int) -> range:
    """Return the trial numbers of `job`."""
    return range(job * trials_per_job, min((job + 1) * trials_per_job, n_trials))


def job_count(n_trials: int, trials_per_job: int) -> int:
    """Return how many jobs carry `n_trials` trials."""
    return -(-n_trials // trials_per_job)


def jobs_before(job: int, trials_per_job: int, window: int) -> range:
    """Return the jobs that `job` waits for directly.

    Trial t needs the results of trials ``0 .. t-window``. Jobs further back are waited for by the
    jobs returned here, so the edges of the whole sweep grow linearly with its length.
    """
    newest = _newest_needed(job, trials_per_job, window)
    return range(max(0, _newest_needed(newest, trials_per_job, window) + 1), newest + 1)


def side_by_side(trials_per_job: int, window: int) -> int:
    """Return how many jobs the window lets run at once."""
    return max(1, -(-(window - trials_per_job + 1) // trials_per_job))


def _newest_needed(job: int, trials_per_job: int, window: int) -> int:
    if job < 0:
        return -1
    last = (job + 1) * trials_per_job - 1
    return min((last - window) // trials_per_job if last >= window else -1, job - 1)
