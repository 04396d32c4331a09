"""The whole analysis of a sweep in one folder, as the workflow writes it rule by rule."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pandas as pd
import yaml

from resweep.evidence import directionality
from resweep.evidence.adjusted_tables import adjusted_tables
from resweep.evidence.blocks import block_effects
from resweep.evidence.caveats import caveats
from resweep.evidence.contours import contours, informative_pairs
from resweep.evidence.costs import costs
from resweep.evidence.drift import drift
from resweep.evidence.elites import elite_choices, elite_crowding, elite_spans
from resweep.evidence.fingerprints import dead_parameters
from resweep.evidence.importances import importances
from resweep.evidence.interactions import interactions
from resweep.evidence.noise import noise
from resweep.evidence.objectives import front, objective_effects
from resweep.evidence.overview import best_so_far, overview
from resweep.evidence.power import power_table
from resweep.evidence.ranges import empirical_ranges, ranges_explored
from resweep.evidence.significance import significance
from resweep.evidence.stability import stability
from resweep.evidence.summary import summary
from resweep.files import write_bytes_atomic
from resweep.ledger.points import points
from resweep.ledger.trials import Ledger
from resweep.refinement.refine import refine
from resweep.reporting.charts.adjusted import adjusted
from resweep.reporting.charts.evidence import contours as contour_maps
from resweep.reporting.charts.evidence import directionality as directions
from resweep.reporting.charts.evidence import history
from resweep.reporting.charts.evidence import importances as importance_charts
from resweep.reporting.charts.render import svg_bytes

EVALUATORS = ("fanova", "ped_anova")


def evidence_tables(
    ledger: Ledger, seconds: pd.Series | None = None, **resamples: int
) -> dict[str, pd.DataFrame]:
    """Compute every table of evidence on a sweep.

    Parameters
    ----------
    ledger : Ledger
    seconds : Series, optional
        Durations of the trials, by number.
    **resamples : int
        ``n_null, n_bootstrap`` of :func:`resweep.evidence.importances.importances`.

    Returns
    -------
    dict of str to DataFrame
        By file name without ``.csv``.
    """
    effects, curves = adjusted_tables(ledger)
    return {
        "adjusted_effects": effects,
        "adjusted_curves": curves,
        "overview": overview(ledger, seconds),
        "best_so_far": best_so_far(ledger),
        "costs": costs(ledger, pd.Series(dtype=float) if seconds is None else seconds),
        "ranges_explored": ranges_explored(ledger),
        **{f"importances_{e}": importances(ledger, e, **resamples) for e in EVALUATORS},
        "directionality_continuous": directionality.directionality_continuous(ledger),
        "directionality_booleans": directionality.directionality_booleans(ledger),
        "directionality_categoricals": directionality.directionality_categoricals(ledger),
        "directionality_contrasts": directionality.directionality_contrasts(ledger),
        "elite_choices": elite_choices(ledger),
        "elite_spans": elite_spans(ledger),
        "elite_crowding": elite_crowding(ledger),
        "points": points(ledger),
        "significance": significance(ledger),
        "power": power_table(ledger),
        "interactions": interactions(ledger),
        "contour_pairs": informative_pairs(ledger),
        "contours": contours(ledger),
        "noise": noise(ledger),
        "blocks": block_effects(ledger),
        "drift": drift(ledger),
        "stability": stability(ledger),
        "dead_parameters": dead_parameters(ledger),
        "caveats": caveats(ledger),
        "objectives": objective_effects(ledger),
        "front": front(ledger),
    }


def analyze(ledger: Ledger, seconds: pd.Series | None = None) -> dict[str, bytes]:
    """Compute every file of a sweep's analysis.

    Parameters
    ----------
    ledger : Ledger
    seconds : Series, optional
        Durations of the trials, by number.

    Returns
    -------
    dict of str to bytes
        Content by file name; the same names and contents as the workflow's ``analysis`` folder.
    """
    tables = evidence_tables(ledger, seconds)
    weights = {e: tables[f"importances_{e}"] for e in EVALUATORS}
    effects = (tables["adjusted_effects"], tables["adjusted_curves"])
    pictures = {
        "adjusted_effects": adjusted(ledger.space, *effects),
        "history": history(tables["best_so_far"]),
        "importances": importance_charts(weights),
        "directionality": directions(
            tables["directionality_continuous"],
            tables["directionality_categoricals"],
            tables["significance"],
        ),
        "contours": contour_maps(ledger.space, tables["contours"], tables["points"]),
    }
    texts = {
        "empirical_ranges.yaml": yaml.safe_dump(empirical_ranges(ledger), sort_keys=False),
        "refined_space_aggressive.yaml": refine(
            ledger.space, ledger, policy="aggressive"
        ).space.dumps(),
        "SUMMARY.md": summary(ledger, importances=weights),
    }
    files = {
        f"{name}.csv": frame.to_csv(index=False, lineterminator="\n").encode()
        for name, frame in tables.items()
    }
    files |= {f"{name}.svg": svg_bytes(chart) for name, chart in pictures.items()}
    files |= {name: text.encode() for name, text in texts.items()}
    lines = [
        f"{sha256(files[name]).hexdigest()[:16]} {len(files[name]):>9} {name}"
        for name in sorted(files)
        if name != "SUMMARY.md"
    ]
    header = "# digest and size in bytes of everything that the summary rests on\n"
    files["analysis.log"] = (header + "\n".join(lines) + "\n").encode()
    return files


def write(files: dict[str, bytes], folder: str | Path) -> None:
    """Write the files of an analysis, each whole or not at all."""
    for name, content in files.items():
        write_bytes_atomic(Path(folder) / name, content)
