"""Which point is best, under noise: a model over all points, instead of the luckiest value.

The point of the lowest observed loss owes its place to luck as much as to merit, and the more
points, the more to luck. So points are ranked by what is expected of them given all trials: a
Gaussian process over the encoded parameters, whose hyperparameters are the most probable ones
(Rasmussen, C. E. and Williams, C. K. I. (2006), Gaussian Processes for Machine Learning, chapters
2 and 5). Everything is a function of the arguments alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, solve_triangular
from scipy.optimize import minimize
from scipy.spatial.distance import cdist
from scipy.special import erfcx, ndtr

from resweep.space.model import Space
from resweep.space.parameter import Parameter, same

if TYPE_CHECKING:
    import pandas as pd

DRAWS = 2000  # from the posterior, for the probability to be best
MOST = 400  # points that the model looks at: its cost grows with the cube of their number
TAIL = 3.0  # values worse than the median by more than so many distances to the best are cut there
JITTER = 1e-8
TINY = 1e-300
FAR = 1e4  # standard deviations below the best from where on only the leading term is left

# Prior of the logarithms of the hyperparameters, for standardised scores: mean and standard
# deviation. Length scales grow with the root of the number of parameters, so that the prior's
# correlation between two random points does not depend on it (Hvarfner, C., Hellsten, E. O. and
# Nardi, L. (2024), ICML 41).
SCALE_PRIOR = (math.log(0.7), 0.9)  # length scale in widths of the range, times root of dimension
SIGNAL_PRIOR = (0.0, 0.7)  # variance that the parameters explain smoothly
ROUGH_PRIOR = (math.log(0.05), 1.0)  # variance that is each point's own
NOISE_PRIOR = (math.log(0.2), 1.5)  # variance between repeats of one point


@dataclass(frozen=True)
class Posterior:
    """What is believed of the true scores of points.

    Attributes
    ----------
    mean : array, shape (points,)
        In units of the score.
    covariance : array, shape (points, points)
    noise : float
        Variance of a single trial around its point's true score.
    """

    mean: NDArray[np.float64]
    covariance: NDArray[np.float64]
    noise: float

    @property
    def sd(self) -> NDArray[np.float64]:
        """Standard deviation of each point's true score."""
        return np.sqrt(np.maximum(np.diag(self.covariance), 0.0))

    def draw(self, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Draw true scores: an array of shape (draws, points) of deviations from the mean."""
        values, vectors = np.linalg.eigh(self.covariance)
        normal = rng.standard_normal((count, len(values)))
        return normal @ (vectors * np.sqrt(np.maximum(values, 0.0))).T

    def among(self, indices: NDArray[np.int64]) -> Posterior:
        """Return what is believed of some of the points."""
        return Posterior(self.mean[indices], self.covariance[np.ix_(indices, indices)], self.noise)

    def probability_best(self, seed: int = 0) -> NDArray[np.float64]:
        """Return each point's probability to be the best of all, by draws from the posterior."""
        draws = self.mean + self.draw(DRAWS, np.random.default_rng(seed))
        return np.bincount(draws.argmax(axis=1), minlength=len(self.mean)) / DRAWS

    def gain_of_repeating(
        self, pending: NDArray[np.int64] | None = None, times: int = 1
    ) -> NDArray[np.float64]:
        """Return by how much more trials of each point raise the expected best mean.

        The knowledge gradient for correlated normal beliefs (Frazier, P., Powell, W. and
        Dayanik, S. (2009), INFORMS Journal on Computing 21, 599-613), its expectation by
        Gauss-Hermite quadrature.

        Parameters
        ----------
        pending : array of int, shape (points,), optional
            Trials of each point that are under way: their results are not known, but that they
            will be is.
        times : int
            More trials of a point. Where the noise is large one alone could hardly change the
            choice, and the gains of single ones say little of what many together will bring
            (Frazier, P. and Powell, W. (2010), Decision Analysis 7, 378-403).
        """
        if pending is None:
            pending = np.zeros(len(self.mean), dtype=np.int64)
        covariance = self._once_ended(pending)
        nodes, weights = np.polynomial.hermite_e.hermegauss(21)
        spread = np.sqrt(np.maximum(np.diag(covariance), 0.0) + self.noise / times)
        change = covariance / spread  # column i: what all means move by if point i is repeated
        reach = self.mean[:, None, None] + change[:, :, None] * nodes
        return reach.max(axis=0) @ (weights / weights.sum()) - self.mean.max()

    def log_improvement(self, known: int, pending: int = 0) -> NDArray[np.float64]:
        """Return the logarithm of the expected improvement of points without a trial.

        By how much such a point is expected to exceed the best mean of the points with trials,
        nothing where it is worse (Jones, D. R., Schonlau, M. and Welch, W. J. (1998), Journal of
        Global Optimization 13, 455-492; its logarithm where it is tiny: Ament, S. et al. (2023),
        NeurIPS 36, appendix A).

        Parameters
        ----------
        known : int
            How many points, the first ones, have trials.
        pending : int
            How many points, the last ones, have a trial under way.

        Returns
        -------
        array
            Of the points between these.
        """
        under_way = np.zeros(len(self.mean), dtype=np.int64)
        new = slice(known, len(self.mean) - pending)
        under_way[new.stop :] = 1
        spread = np.sqrt(np.maximum(np.diag(self._once_ended(under_way))[new], TINY))
        return _log_gain((self.mean[new] - self.mean[:known].max()) / spread) + np.log(spread)

    def _once_ended(self, pending: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the covariance once so many trials of each point, now under way, have ended."""
        covariance = self.covariance
        for point in np.flatnonzero(pending):
            column = covariance[:, point]
            spread = column[point] + self.noise / pending[point]
            covariance = covariance - np.outer(column, column) / max(spread, TINY)
        return covariance


def _log_gain(z: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the logarithm of the mean of ``max(0, z + u)`` over standard normal ``u``."""
    near = np.maximum(z, -1.0)
    far = np.minimum(z, -1.0)
    density = np.exp(-0.5 * near**2) / math.sqrt(2 * math.pi)
    # Far below the best 1 + z Phi(z) / phi(z) cancels: there it is 1 / z^2, up to 1 / z^4.
    mills = math.sqrt(math.pi / 2) * erfcx(-far / math.sqrt(2))
    left = np.where(far > -FAR, 1 + far * mills, 1 / far**2)
    tail = -0.5 * far**2 - 0.5 * math.log(2 * math.pi) + np.log(left)
    return np.where(z > -1.0, np.log(density + near * ndtr(near)), tail)


def posterior(
    x: NDArray[np.float64],
    score: NDArray[np.float64],
    repeats: NDArray[np.int64],
    squares: float = 0.0,
    freedom: int = 0,
    more: NDArray[np.float64] | None = None,
) -> Posterior:
    """Return what is to be believed of points, given their trials.

    Parameters
    ----------
    x : array, shape (points, columns)
        Encoded parameters (:func:`encoded`).
    score : array, shape (points,)
        Mean over the trials of each point, larger is better.
    repeats : array, shape (points,)
        Trials of each point.
    squares, freedom : float, int
        Sum of squared deviations of trials from their points' means, and its degrees of freedom.
    more : array, shape (others, columns), optional
        Points without a trial, which come after those in the result.
    """
    n = len(score)
    wanted = x if more is None else np.vstack([x, more])
    centre, unit = float(np.mean(score)), float(np.std(score))
    if n < 3 or not unit > 0:
        shrunk = np.full(n, centre) if not unit > 0 else np.asarray(score, dtype=float)
        own = squares / max(1, freedom)
        known = own / np.asarray(repeats, dtype=float)
        others = len(wanted) - n
        mean = np.concatenate([shrunk, np.full(others, centre)])
        return Posterior(mean, np.diag(np.concatenate([known, np.full(others, unit**2)])), own)
    y = (score - centre) / unit
    squares = squares / unit**2
    distances = (x[:, None, :] - x[None, :, :]) ** 2
    used = np.flatnonzero(distances.any(axis=(0, 1)))
    distances = distances[:, :, used]
    shift = 0.5 * math.log(max(1, len(used)))
    prior = np.array(
        [(SCALE_PRIOR[0] + shift, SCALE_PRIOR[1])] * len(used)
        + [SIGNAL_PRIOR, ROUGH_PRIOR, NOISE_PRIOR]
    )

    def loss(theta: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        kernel, slopes = _kernel(distances, theta)
        rough, noise = np.exp(theta[-2:])
        matrix = kernel + np.diag(rough + noise / repeats + JITTER)
        try:
            factor = cho_factor(matrix, lower=True, check_finite=False)
        except np.linalg.LinAlgError:
            return 1e25, np.zeros_like(theta)
        alpha = cho_solve(factor, y, check_finite=False)
        inverse = cho_solve(factor, np.eye(n), check_finite=False)
        value = 0.5 * y @ alpha + np.log(np.diag(factor[0])).sum()
        value += 0.5 * freedom * theta[-1] + 0.5 * squares / noise
        weight = 0.5 * (inverse - np.outer(alpha, alpha))
        slope = np.empty_like(theta)
        slope[:-3] = np.einsum("ij,ijk->k", weight * slopes, distances)
        slope[:-3] /= np.exp(2 * theta[:-3])
        slope[-3] = (weight * kernel).sum()
        own = np.diag(weight)
        slope[-2] = own.sum() * rough
        slope[-1] = (own / repeats).sum() * noise + 0.5 * freedom - 0.5 * squares / noise
        away = (theta - prior[:, 0]) / prior[:, 1]
        return value + 0.5 * away @ away, slope + away / prior[:, 1]

    bounds = [(mean - 5 * sd, mean + 5 * sd) for mean, sd in prior]
    found = minimize(
        loss, prior[:, 0], jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 60}
    )
    rough, noise = np.exp(found.x[-2:])
    scaled = wanted[:, used] * np.exp(-found.x[:-3])
    true = _matern(cdist(scaled, scaled, "sqeuclidean"), found.x[-3])[0]
    true += rough * np.eye(len(true))  # covariance of the points' true scores
    factor = cho_factor(true[:n, :n] + np.diag(noise / repeats + JITTER), lower=True)
    mean = true[:, :n] @ cho_solve(factor, y)
    half = solve_triangular(factor[0], true[:n], lower=True)
    covariance = true - half.T @ half
    return Posterior(
        centre + unit * mean, unit**2 * (covariance + covariance.T) / 2, float(unit**2 * noise)
    )


def _kernel(
    distances: NDArray[np.float64], theta: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return a Matern 5/2 kernel, and its slope by half the squared scaled distance, negated."""
    return _matern(distances @ np.exp(-2 * theta[:-3]), theta[-3])


def _matern(
    scaled: NDArray[np.float64], signal: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    root = np.sqrt(5 * scaled)
    decay = np.exp(signal - root)
    return decay * (1 + root + root**2 / 3), 5 / 3 * decay * (1 + root)


def encoded(points: Sequence[Mapping[str, Any]], space: Space) -> NDArray[np.float64]:
    """Return points as rows of numbers in which near means alike.

    A number becomes its position in the range (logarithmic where that is), a ladder the position
    of its step, any other choice one column for each choice, scaled so that two choices are as far
    apart as the ends of a range. A parameter that takes no part stands in the middle, and a column
    of its own tells the difference.

    Parameters
    ----------
    points : sequence of mapping
        Parameters by name; what a space has fixed may be among them.
    space : Space
        Whose ranges are the unit. Values beyond them are encoded beyond 0..1; choices that it
        lacks as none of its choices.
    """
    columns = []
    for param in space.params:
        block = np.array([_block(param, point) for point in points]).reshape(len(points), -1)
        columns.append(block)
    return np.hstack(columns) if columns else np.zeros((len(points), 0))


def _block(param: Parameter, point: Mapping[str, Any]) -> list[float]:
    present = param.name in point
    absent = [] if not param.condition else [0.0 if present else 1.0]
    if param.is_numeric:
        return [position(param, point[param.name]) if present else 0.5, *absent]
    at = [i for i, c in enumerate(param.choices) if present and same(point[param.name], c)]
    if param.is_ladder:
        return [at[0] / max(1, len(param.choices) - 1) if at else 0.5, *absent]
    flags = [math.sqrt(0.5) * (i in at) for i in range(len(param.choices))]
    return [*(flags if len(flags) > 2 else [float(0 in at)]), *absent]


def position(param: Parameter, value: float) -> float:
    """Return where a number stands on the scale of its range, which is 0..1."""
    low, high, value = float(param.low), float(param.high), float(value)
    if param.log:
        low, high, value = math.log(low), math.log(high), math.log(value)
    return (value - low) / (high - low) if high > low else 0.5


def believe(
    points: Sequence[Mapping[str, Any]],
    score: NDArray[np.float64],
    repeats: NDArray[np.int64],
    squares: NDArray[np.float64],
    freedom: NDArray[np.int64],
    space: Space,
    more: Sequence[Mapping[str, Any]] = (),
    most: int = MOST,
) -> tuple[NDArray[np.int64], Posterior]:
    """Return which points the model looks at, and what it believes of these.

    Parameters
    ----------
    points : sequence of mapping
        Settings of each point.
    score, repeats, squares, freedom : array, shape (points,)
        Of each point: mean over its trials, larger is better; their number; the sum of squared
        deviations of comparable ones from their mean, and its degrees of freedom.
    space : Space
        Whose ranges are the unit of distance (:func:`encoded`).
    more : sequence of mapping
        Settings of points without a trial.
    most : int
        Points that the model looks at.

    Returns
    -------
    kept : array of int
        Indices of all points, or of the best half of `most` and an even sample of the others.
    posterior : Posterior
        Of these, and then of `more`.
    """
    kept = _kept(score, repeats, most)
    found = posterior(
        encoded([points[i] for i in kept], space),
        _tamed(score[kept]),
        repeats[kept],
        float(squares[kept].sum()),
        int(freedom[kept].sum()),
        encoded(more, space) if len(more) else None,
    )
    return kept, found


def believe_results(
    points: Sequence[Mapping[str, Any]],
    results: Sequence[Sequence[float] | NDArray[np.float64]],
    space: Space,
    more: Sequence[Mapping[str, Any]] = (),
    most: int = MOST,
) -> tuple[NDArray[np.int64], Posterior]:
    """Return what is believed of points, given the results of each one's trials.

    Parameters
    ----------
    results : sequence of sequence of float
        Of each point, larger is better.
    points, space, more, most
        As of :func:`believe`, and so is what is returned.
    """
    arrays = [np.asarray(values, dtype=float) for values in results]
    return believe(
        points,
        np.array([values.mean() for values in arrays]),
        np.array([len(values) for values in arrays]),
        np.array([((values - values.mean()) ** 2).sum() for values in arrays]),
        np.array([len(values) - 1 for values in arrays]),
        space,
        more,
        most,
    )


def _tamed(score: NDArray[np.float64]) -> NDArray[np.float64]:
    """Cut what is far worse than the median: a training that diverged says little of the rest.

    Where half of the points are as good as the best there is no such distance, and nothing is cut.
    """
    middle, best = float(np.median(score)), float(np.max(score))
    return np.maximum(score, middle - TAIL * (best - middle)) if best > middle else score


def _kept(score: NDArray[np.float64], repeats: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    n = len(score)
    if n <= most:
        return np.arange(n)
    order = np.lexsort((np.arange(n), -repeats, -score))
    rest = np.sort(order[most // 2 :])
    sample = rest[np.linspace(0, len(rest) - 1, most - most // 2).round().astype(int)]
    return np.sort(np.concatenate([order[: most // 2], sample]))


def rank_points(
    table: pd.DataFrame, space: Space, settings: Sequence[Mapping[str, Any]] | None = None
) -> pd.DataFrame:
    """Rank points by what is expected of them, given all trials.

    Parameters
    ----------
    table : DataFrame
        Points (:func:`resweep.ledger.points.points`).
    space : Space
        Whose ranges are the unit of distance.
    settings : sequence of mapping, optional
        What each row trains; by default its ``params_*``.

    Returns
    -------
    DataFrame
        One row per row of `table`, with its index: ``expected`` (posterior mean of the true score,
        larger is better), ``sd`` and ``p_best`` (probability to be the best). Infeasible points,
        those without a complete trial, and of very many those that the model passes over, have
        NaN, NaN and 0: they cannot be the best.
    """
    import pandas as pd

    out = pd.DataFrame({"expected": np.nan, "sd": np.nan, "p_best": 0.0}, index=table.index)
    able = (table["feasible"] & (table["n_complete"] > 0)).to_numpy(dtype=bool)
    if not able.any():
        return out
    freedom = np.maximum(table["n_complete"].to_numpy(dtype=np.int64) - 1, 0)
    deviations = table["repeat_sd"].fillna(0.0).to_numpy(dtype=float)
    kept, found = believe(
        settings or [_assignment(row, space) for row in table.to_dict("records")],
        table["score"].to_numpy(dtype=float),
        table["n_repeats"].to_numpy(dtype=np.int64),
        deviations**2 * freedom,
        np.where(table["repeat_sd"].notna(), freedom, 0),
        space,
    )
    among = np.flatnonzero(able[kept])
    where = kept[among]
    out.iloc[where, 0] = found.mean[among]
    out.iloc[where, 1] = found.sd[among]
    out.iloc[where, 2] = found.among(among).probability_best()
    return out


def _assignment(row: Mapping[str, Any], space: Space) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for param in space.params:
        value = row[f"params_{param.name}"]
        missing = value is None or (isinstance(value, float) and math.isnan(value))
        if not missing or (param.choices is not None and None in param.choices):
            found[param.name] = value
    return found
