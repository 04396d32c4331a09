"""An additive mixed model of the score: what each parameter adds beyond the others and drift.

The score of a point is the sum of one smooth function per parameter, of the drift with the trial
number, and of noise. Each function is a short polynomial (numbers and ladders) or one step per
choice, with a normal prior whose variance is estimated from the study, group by group (empirical
Bayes; MacKay 1992, Neural Computation 4, 415-447, with a weak gamma hyperprior). So a study of 20
points and 19 parameters fits almost nothing, and a large one fits what is there.

A parameter is then tested as a fixed effect while all others stay random (generalised least
squares, as genetic association studies do: Kang et al. 2010, Nature Genetics 42, 348-354). The
model conditions on where the sampler went, so a sampler that concentrates does not bias it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import rankdata

from resweep.ledger.columns import Column

DEGREE = 5  # of the polynomials of numbers and ladders, as random effects
DECAY = (1.0, 0.5, 0.25, 0.125, 0.0625)  # prior variance by degree: smooth functions first
SHAPE, RATE = 0.5, 0.005  # hyperprior of each variance, in units of the noise
ROUNDS = 200
SETTLED = 1e-4
NEVER, ALWAYS = 1e-8, 1e4  # bounds of a variance relative to the noise
OUTLIER = 3.0  # in robust standard deviations of the residuals
TAILS = (("light", 0.02, 6.0), ("middling", 0.08, 9.0))  # largest share of outliers, farthest one


@dataclass(frozen=True)
class Groups:
    """Centred features of the whole study, in groups that share a prior variance.

    Attributes
    ----------
    features
        Shape (n, m).
    owner
        Number of the group of each feature, shape (m,): the parameter's place in the space, or
        the number of parameters for drift, and one more for blocks.
    """

    features: NDArray[np.float64]
    owner: NDArray[np.int64]

    @property
    def n_groups(self) -> int:
        """Number of groups, empty ones too."""
        return int(self.owner.max(initial=-1)) + 1


def polynomials(x: NDArray, degree: int) -> NDArray[np.float64]:
    """Legendre polynomials 1 .. degree at positions 0..1, shape (n, degree)."""
    return np.polynomial.legendre.legvander(2 * np.asarray(x, dtype=float) - 1, degree)[:, 1:]


def one_hot(codes: NDArray, n_codes: int) -> NDArray[np.float64]:
    """Return one column per code, shape (n, n_codes)."""
    return (np.asarray(codes)[:, None] == np.arange(n_codes)).astype(float)


def features_of(one: Column) -> NDArray[np.float64]:
    """Features of one parameter over all points; zero where it is inactive.

    Centred over the active points and scaled so that their squares sum to about one a point.
    """
    n_values = len(np.unique(one.x))
    if n_values < 2:
        return np.zeros((len(one.active), 0))
    if one.has_order:
        degree = min(DEGREE, n_values - 1)
        inner = polynomials(one.x, degree)
        inner -= inner.mean(axis=0)
        inner *= np.sqrt(DECAY[:degree]) / np.maximum(inner.std(axis=0), 1e-9)
    else:
        inner = one_hot(one.x, len(one.parameter.choices))
        inner = inner[:, inner.any(axis=0)]
        inner -= inner.mean(axis=0)
        inner /= np.sqrt((inner**2).sum(axis=1).mean())
    features = np.zeros((len(one.active), inner.shape[1]))
    features[one.active] = inner
    return features


def study_groups(cols: list[Column], progress: NDArray, blocks: NDArray | None = None) -> Groups:
    """Features of every parameter, of the drift along the study (0..1), and of blocks."""
    parts = [features_of(one) for one in cols]
    time = polynomials(progress, min(2, max(len(progress) - 1, 0)))
    time -= time.mean(axis=0)
    time *= np.sqrt(DECAY[: time.shape[1]]) / np.maximum(time.std(axis=0), 1e-9)
    parts.append(time)
    if blocks is not None and len(np.unique(blocks)) > 1:
        labels = np.unique(blocks, return_inverse=True)[1]
        each = one_hot(labels, labels.max() + 1)
        parts.append(each - each.mean(axis=0))
    owner = np.repeat(np.arange(len(parts)), [part.shape[1] for part in parts])
    features = np.hstack(parts)
    return Groups(features - features.mean(axis=0), owner)


@dataclass(frozen=True)
class Fit:
    """A fitted additive model.

    Attributes
    ----------
    variance
        Prior variance of each group relative to the noise, shape (groups,).
    freedom
        Effective number of parameters of each group, shape (groups,).
    coefficients
        Posterior mean of the features' coefficients, shape (m,).
    residual
        Shape (n,), not corrected for the fit.
    leverage
        Diagonal of the hat matrix, shape (n,).
    """

    variance: NDArray[np.float64]
    freedom: NDArray[np.float64]
    coefficients: NDArray[np.float64]
    residual: NDArray[np.float64]
    leverage: NDArray[np.float64]


def fit_additive(y: NDArray, groups: Groups) -> Fit:
    """Estimate the variance of each group by fixed-point iteration; deterministic.

    Parameters
    ----------
    y
        Response, shape (n,), any unit; it should vary.
    groups
        Features of the study.
    """
    n, z, owner, count = len(y), groups.features, groups.owner, groups.n_groups
    centred = y - y.mean()
    gram, cross, total = z.T @ z, z.T @ centred, float(centred @ centred)
    sizes = np.bincount(owner, minlength=count)
    variance = np.full(count, 0.2 / max(count, 1))
    mean, spread, freedom = np.zeros(len(owner)), np.zeros_like(gram), np.zeros(count)
    for _ in range(ROUNDS):
        precision = 1 / variance[owner]
        spread = np.linalg.inv(gram + np.diag(precision))
        mean = spread @ cross
        shrunk = np.bincount(owner, np.diag(spread) * precision, minlength=count)
        freedom = np.maximum(sizes - shrunk, 0.0)
        rest = max(total - 2 * mean @ cross + mean @ gram @ mean, 1e-12 * total)
        noise = rest / max(n - 1 - freedom.sum(), 1.0)
        size = np.bincount(owner, mean**2, minlength=count) / noise
        new = np.clip((size + 2 * RATE) / (freedom + 2 * SHAPE), NEVER, ALWAYS)
        change = np.abs(np.log(new / variance)).max(initial=0.0)
        variance = new
        if change < SETTLED:
            break
    leverage = 1 / n + np.einsum("ij,jk,ik->i", z, spread, z, optimize=True)
    return Fit(variance, freedom, mean, centred - z @ mean, leverage)


def normal_scores(score: NDArray) -> NDArray[np.float64]:
    """Van der Waerden scores: normal quantiles of the average ranks, mean 0, sd 1."""
    from_rank = ndtri((rankdata(score) - 0.5) / len(score))
    centred = from_rank - from_rank.mean()
    sd = centred.std()
    return centred / sd if sd > 0 else centred


def tails_of(fit: Fit) -> str:
    """Say how heavy the tails of the residuals are: ``light``, ``middling`` or ``heavy``."""
    r = fit.residual / np.sqrt(1 - np.clip(fit.leverage, 0, 0.9))
    sd = 1.4826 * np.median(np.abs(r - np.median(r)))
    if not sd > 1e-9 * max(np.abs(r).max(initial=0.0), 1e-300):
        return "heavy"
    far = np.abs(r) / sd
    for name, share, farthest in TAILS:
        if (far > OUTLIER).sum() <= max(1, share * len(r)) and far.max() <= farthest:
            return name
    return "heavy"


def agreement(fit: Fit, y: NDArray) -> float:
    """Rank correlation of the response and its leave-one-out predictions."""
    left_out = fit.residual / (1 - np.clip(fit.leverage, 0, 0.95))
    predicted = y - left_out
    if not np.ptp(predicted) > 0:
        return 0.0
    return float(np.corrcoef(rankdata(predicted), rankdata(y))[0, 1])


@dataclass(frozen=True)
class FixedEffect:
    """One block of fixed effects by generalised least squares, the rest random.

    Attributes
    ----------
    beta
        Coefficients, shape (k,), without the intercept.
    covariance
        Their covariance, shape (k, k), noise variance included.
    noise
        Standard deviation of one point, other things equal.
    freedom
        Denominator degrees of freedom: points, less fixed and effective random parameters.
    f, p
        F statistic of "all coefficients are zero", and its p.
    others
        What the random part contributes at each point (best linear unbiased prediction), (n,).
    """

    beta: NDArray[np.float64]
    covariance: NDArray[np.float64]
    noise: float
    freedom: float
    f: float
    p: float
    others: NDArray[np.float64]


def fixed_effect(
    y: NDArray, design: NDArray, z: NDArray, variance: NDArray, tested: int | None = None
) -> FixedEffect | None:
    """Fit fixed effects beside random ones of known relative variance.

    Parameters
    ----------
    y
        Response, shape (n,).
    design
        Fixed columns without the intercept, shape (n, k).
    z
        Random features, shape (n, m).
    variance
        Their variances relative to the noise, shape (m,).
    tested
        How many of the last fixed columns the test, the coefficients and their covariance are
        about, the others held equal; all by default.

    Returns
    -------
    FixedEffect or None
        ``None`` where the columns do not vary or fewer than two degrees of freedom are left.
    """
    from scipy.special import fdtrc

    n = len(y)
    alive = variance > 10 * NEVER
    z, variance = z[:, alive], variance[alive]
    x = np.column_stack([np.ones(n), design])
    gram = z.T @ z
    inner = np.linalg.inv(gram + np.diag(1 / variance))

    def whiten(columns: NDArray) -> NDArray:
        return columns - z @ (inner @ (z.T @ columns))

    white = whiten(x)
    information = x.T @ white
    scale = np.sqrt(np.maximum(np.diag(information), 1e-300))
    if np.linalg.cond(information / np.outer(scale, scale)) > 1e10:
        return None
    inverse = np.linalg.inv(information)
    beta = inverse @ (white.T @ y)
    rest = y - x @ beta
    k = design.shape[1]
    used = float(np.trace(inner @ gram))
    freedom = n - 1 - k - used
    if k == 0 or freedom < 2:
        return None
    noise2 = max(float(rest @ whiten(rest)) / (n - 1 - k), 1e-16 * float(y @ y))
    count = k if tested is None else tested
    block, tested_beta = inverse[-count:, -count:], beta[-count:]
    f = float(tested_beta @ np.linalg.solve(block, tested_beta)) / (count * noise2)
    others = z @ (inner @ (z.T @ rest))
    p = float(fdtrc(count, freedom, f))
    noise = float(np.sqrt(noise2))
    return FixedEffect(tested_beta, block * noise2, noise, freedom, f, p, others)
