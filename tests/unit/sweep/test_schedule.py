"""Roles, seeds, quotas and the jobs that wait for each other."""

import json
from fractions import Fraction
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resweep.sweep.schedule import (
    ENQUEUED,
    REPLICATE,
    Schedule,
    job_count,
    job_numbers,
    jobs_before,
    quota_sequence,
    seed_for,
    side_by_side,
)

quick = settings(max_examples=80, deadline=None)
SHARES = st.sampled_from([0.0, 0.05, 0.1, 0.15, 0.25, 1 / 3, 0.5])


def roles(schedule, count):
    return [schedule.role(number) for number in range(count)]


def test_seeds_are_the_same_everywhere():
    assert seed_for(0, "trial", 0) == 1192658259
    assert seed_for(0, "trial", 1) != seed_for(0, "trial", 0) != seed_for(1, "trial", 0)
    assert all(0 <= seed_for(word) < 2**31 for word in range(100))


@quick
@given(st.integers(1, 300), st.integers(0, 20), SHARES)
def test_shares_are_kept(n_trials, n_enqueued, replicate):
    found = roles(Schedule.plan(n_trials, n_enqueued, replicate, 0.3), n_trials)
    assert found[:n_enqueued] == [ENQUEUED] * min(n_enqueued, n_trials)
    assert ENQUEUED not in found[n_enqueued:]
    wanted, free = round(n_trials * replicate), max(0, n_trials - n_enqueued)
    assert found.count(REPLICATE) == min(wanted, (free + 1) // 2)


@quick
@given(st.integers(1, 200), st.integers(0, 9), SHARES)
def test_replicates_stand_at_the_end_with_proposals_between(n_trials, n_enqueued, again):
    found = roles(Schedule.plan(n_trials, n_enqueued, again, 0.0), n_trials)
    if REPLICATE in found:
        end = found[found.index(REPLICATE) :]
        assert all((role == REPLICATE) == (i % 2 == 0) for i, role in enumerate(end))


@quick
@given(st.integers(1, 150), st.integers(0, 150), st.integers(0, 9), SHARES, SHARES)
def test_an_extension_changes_no_role_before_it(n_trials, more, n_enqueued, replicate, fallback):
    short = Schedule.plan(n_trials, n_enqueued, replicate, fallback)
    longer = Schedule.plan(n_trials, n_enqueued, replicate, fallback, n_trials + more)
    assert roles(longer, n_trials) == roles(short, n_trials)
    wanted = round((n_trials + more) * replicate)
    found = roles(longer, n_trials + more)
    assert found.count(REPLICATE) <= wanted
    if more >= 20 and n_enqueued < n_trials:
        assert abs(found[n_trials:].count(REPLICATE) - more * replicate) <= more / 4 + 1


@quick
@given(st.integers(1, 100), st.integers(0, 100), SHARES, SHARES)
def test_what_a_trial_sees_is_the_same_in_a_longer_sweep(n_trials, more, replicate, fallback):
    short = Schedule.plan(n_trials, 0, replicate, fallback)
    longer = Schedule.plan(n_trials + more, 0, replicate, fallback)
    first = min((span[0] for plan in (short, longer) for span in plan.replicates), default=n_trials)
    for last in (0, n_trials // 2, first - 1, n_trials - 1):
        assert roles(short.up_to(last), last + 1) == roles(short, last + 1)
        if last < first:
            assert short.up_to(last) == longer.up_to(last)


@quick
@given(st.integers(1, 60), st.integers(0, 60), st.integers(0, 3), SHARES, SHARES)
def test_a_schedule_survives_json(n_trials, more, n_enqueued, replicate, fallback):
    plan = Schedule.plan(n_trials, n_enqueued, replicate, fallback, n_trials + more)
    again = Schedule(**json.loads(json.dumps(vars(plan))))
    assert roles(again, n_trials + more) == roles(plan, n_trials + more)


@st.composite
def weights(draw):
    parts = draw(st.lists(st.integers(0, 9), min_size=1, max_size=6).filter(any))
    return tuple(part / sum(parts) for part in parts)


@quick
@given(weights(), st.integers(1, 200))
def test_quotas_deviate_as_little_as_promised(shares, length):
    exact = [Fraction(share).limit_denominator(10_000) for share in shares]
    exact = [share / sum(exact) for share in exact]
    chosen = list(islice(quota_sequence(shares), length))
    prefix, run = (Fraction(1, 2), 1) if len(shares) == 2 else (1, 2)
    gaps = []
    for choice, share in enumerate(exact):
        deviation, path = Fraction(0), [Fraction(0)]
        for step in chosen:
            deviation += (step == choice) - share
            path.append(deviation)
        gaps.append(max(map(abs, path)))
        assert max(path) - min(path) <= run if len(shares) == 2 else max(path) - min(path) < run
        if share == 0:
            assert choice not in chosen
    assert max(gaps) <= prefix if len(shares) == 2 else max(gaps) < prefix


def test_three_to_one_is_three_to_one():
    chosen = list(islice(quota_sequence((0.75, 0.25)), 40))
    assert all(sum(chosen[i : i + 4]) == 1 for i in range(0, 40, 4))


@quick
@given(st.integers(1, 200), st.integers(1, 12))
def test_jobs_partition_the_trials(n_trials, per_job):
    jobs = range(job_count(n_trials, per_job))
    assert [n for job in jobs for n in job_numbers(job, per_job, n_trials)] == list(range(n_trials))


@quick
@given(st.integers(0, 80), st.integers(1, 9), st.integers(1, 20))
def test_a_job_waits_for_all_that_it_needs_and_for_little_directly(job, per_job, window):
    needed = {n // per_job for t in job_numbers(job, per_job, 10**6) for n in range(t - window + 1)}
    reached, queue = set(), [job]
    while queue:
        direct = jobs_before(queue.pop(), per_job, window)
        assert len(direct) <= window // per_job + 2
        queue += set(direct) - reached
        reached |= set(direct)
    assert needed - {job} <= reached
    assert all(other < job for other in reached)


@pytest.mark.parametrize("window", [1, 2, 6])
def test_as_many_single_trials_as_the_window_run_side_by_side(window):
    started = [job for job in range(20) if not jobs_before(job, 1, window)]
    assert started == list(range(window))
    assert side_by_side(1, window) == window


@quick
@given(st.integers(1, 9), st.integers(1, 60))
def test_jobs_side_by_side(per_job, window):
    """As many as do not wait for the first of them."""
    first, waits = 50, {50}
    job = first
    while not waits & set(jobs_before(job, per_job, window)):
        job += 1
    assert side_by_side(per_job, window) == job - first
