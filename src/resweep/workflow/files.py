"""Names of files: what each stage of a sweep leaves behind, and what each rule reads."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from resweep.workflow.plan import Plan

EVIDENCE = (
    "adjusted_effects.csv",
    "adjusted_curves.csv",
    "adjusted_effects.svg",
    "overview.csv",
    "best_so_far.csv",
    "costs.csv",
    "history.svg",
    "ranges_explored.csv",
    "empirical_ranges.yaml",
    "importances_fanova.csv",
    "importances_ped_anova.csv",
    "importances.svg",
    "directionality_continuous.csv",
    "directionality_booleans.csv",
    "directionality_categoricals.csv",
    "directionality_contrasts.csv",
    "directionality.svg",
    "elite_choices.csv",
    "elite_spans.csv",
    "elite_crowding.csv",
    "points.csv",
    "significance.csv",
    "power.csv",
    "interactions.csv",
    "contour_pairs.csv",
    "contours.csv",
    "contours.svg",
    "noise.csv",
    "blocks.csv",
    "drift.csv",
    "stability.csv",
    "dead_parameters.csv",
    "caveats.csv",
    "objectives.csv",
    "front.csv",
    "refined_space_aggressive.yaml",
)
ANALYSIS = (*EVIDENCE, "SUMMARY.md", "analysis.log")
FIGURES = (
    "adjusted_effects",
    "history",
    "importances",
    "directionality",
    "bounds",
    "contours",
    "parallel_coordinates",
    "learning_curves",
    "noise",
    "front",
)
CHAMPION_FIGURES = ("champions", "confusion")

Inputs = dict[str, "str | list[str]"]


def record(plan: Plan, sweep: str, job: int, kind: str = "trials") -> str:
    """Return the file of the records of a job, or of another `kind`: ``timings``."""
    return plan.result(sweep, kind, f"{job:05d}.jsonl")


def records(plan: Plan, sweep: str, jobs: Iterable[int], kind: str = "trials") -> list[str]:
    """Return the files of the records of some jobs."""
    return [record(plan, sweep, job, kind) for job in jobs]


def if_trained(plan: Plan, sweep: str, *names: str) -> list[str]:
    """Return files that only sweeps that train have."""
    return [plan.result(sweep, name) for name in names if plan.config.trains(sweep)]


def of_parent(plan: Plan, sweep: str, name: str) -> list[str]:
    """Return a file of the parent sweep, if there is a parent."""
    parent = plan.parent(sweep)
    return [plan.result(parent, name)] if parent else []


def of_ancestors(plan: Plan, sweep: str, name: str) -> list[str]:
    """Return a file of every ancestor, the parent first."""
    return [plan.result(ancestor, name) for ancestor in plan.config.ancestors(sweep)]


def study_files(plan: Plan, sweep: str) -> list[str]:
    """Return the files that a finished study is read from."""
    given = plan.config.sweeps[sweep]
    study = given.study
    named = (study.csv, study.sweep, study.source) if study else ()
    return [path for path in (given.space, *named) if path and "://" not in path]


def data_files(plan: Plan) -> list[str]:
    """Return the files that the data set of the built-in classifier is made from."""
    data = plan.config.data
    given = (data.labels, data.path) if data else ()
    return [path for path in given if path and "://" not in path]


def approval(plan: Plan, sweep: str) -> list[str]:
    """Return the record of a person's approval, if one is needed and there."""
    path = f"config/approvals/{sweep}.json"
    return [path] if plan.needs_review(sweep) and Path(path).exists() else []


def policy(plan: Plan, sweep: str) -> str:
    """Return the policy file of a sweep: a name, or a path."""
    given = plan.config.sweeps[sweep].policy
    return given if Path(given).suffix else policy_file(plan, given)


def policy_file(plan: Plan, name: str) -> str:
    """Return the file of a policy: of this project, else the one that comes with the workflow."""
    own = f"config/policies/{name}.yaml"
    return own if Path(own).exists() else str(plan.root / own)


def overrides(plan: Plan, sweep: str) -> list[str]:
    """Return the file of a person's overrides, if there is one."""
    path = f"config/overrides/{sweep}.yaml"
    return [path] if Path(path).exists() else []


def sweep_files(plan: Plan, sweep: str) -> list[str]:
    """Return what stands when a sweep is finished."""
    refined = refine_files(plan, sweep) if plan.parent(sweep) else []
    return refined + [plan.result(sweep, name) for name in ("trials.csv", "study.db")]


def analysis_files(plan: Plan, sweep: str) -> list[str]:
    """Return everything in the analysis folder of a sweep."""
    return [plan.result(sweep, "analysis", name) for name in ANALYSIS]


def summary_inputs(plan: Plan, sweep: str) -> Inputs:
    """Return what the summary of a sweep rests on, by name."""
    weights = {"fanova": "importances_fanova.csv", "ped_anova": "importances_ped_anova.csv"}
    others = [name for name in EVIDENCE if not name.startswith("importances_")]
    found: Inputs = {key: plan.result(sweep, "analysis", name) for key, name in weights.items()}
    return found | {"others": [plan.result(sweep, "analysis", name) for name in others]}


def refine_files(plan: Plan, sweep: str) -> list[str]:
    """Return the refined space of a sweep and why it is what it is."""
    tables = ("decisions.csv", "predictions.csv", "forecast.csv", "backtest.csv")
    names = ("space.yaml", *tables, "RATIONALE.md")
    parent = plan.parent(sweep)
    evidence = analysis_files(plan, parent) if parent else []
    return evidence + [plan.result(sweep, name) for name in names]


def champions_files(plan: Plan, sweep: str) -> list[str]:
    """Return what stands when the champions of a sweep are judged, its analysis among it."""
    names = (
        "champions.csv",
        "per_category.csv",
        "confusion.csv",
        "comparison.csv",
        "succession.csv",
        "objectives.csv",
        "MODEL_CARD.md",
    )
    files = [plan.result(sweep, "champions", name) for name in names]
    if plan.parent(sweep):
        files.append(plan.result(sweep, "documents/COMPARISON.md"))
    return analysis_files(plan, sweep) + files


def report_files(plan: Plan, sweep: str) -> list[str]:
    """Return what stands when a sweep is reported."""
    names = [
        "report.html",
        "documents/LAUNCH_CHECKLIST.md",
        "documents/QUICK_REFERENCE.md",
        "documents/FINDINGS.md",
        "documents/EXECUTIVE_SUMMARY.md",
    ]
    figures: tuple[str, ...] = FIGURES
    if plan.parent(sweep):
        names += ["documents/comparison.csv", "documents/COMPARISON.md"]
        names += ["verdicts.csv", "calibration.csv"]
        figures = (*FIGURES, *CHAMPION_FIGURES, "comparison")
    names += [f"figures/{name}.{form}" for name in figures for form in ("svg", "png")]
    return sweep_files(plan, sweep) + [plan.result(sweep, name) for name in names]


def each_rank(plan: Plan, name: str) -> list[str]:
    """Return a file of every finalist, for any sweep."""
    ranks = range(plan.config.champions.top)
    return [plan.result("{sweep}/champions/points", str(rank), name) for rank in ranks]


def verdict_inputs(plan: Plan, sweep: str) -> Inputs:
    """Return what the predictions of a sweep are judged by, and the verdicts of its ancestors."""
    chain = [name for name in plan.config.ancestors(sweep) if plan.parent(name)]
    return {
        "predictions": plan.result(sweep, "predictions.csv"),
        "space": plan.result(sweep, "space.yaml"),
        "trials": [plan.result(sweep, name) for name in ("trials.csv", "curves.csv")],
        "parent": of_parent(plan, sweep, "space.yaml") + of_parent(plan, sweep, "trials.csv"),
        "earlier": [plan.result(name, "verdicts.csv") for name in chain],
    }


def champion_inputs(plan: Plan, sweep: str) -> Inputs:
    """Return what the champions of a sweep are judged by: its own, its ancestors', the baseline.

    Of the sweeps before its parent only the first champion takes part: one of them may stand yet.
    """
    ancestors = plan.config.ancestors(sweep)
    sweeps = [sweep, *ancestors]
    given = plan.config.champions
    folds = range(1, given.folds + 1) if given.folds else [0]
    runs = [f"seed{seed}fold{fold}" for seed in range(given.seeds) for fold in folds]
    inputs: Inputs = {
        "space": plan.result(sweep, "space.yaml"),
        "points": [plan.result(name, "champions/points.json") for name in sweeps],
        "metrics": [
            plan.result(name, "champions", str(rank), run, "metrics.json")
            for name in sweeps
            for rank in range(given.top if name not in ancestors[1:] else 1)
            for run in runs
        ],
    }
    if plan.config.data:
        inputs["card"] = [f"{plan.data}.card.json"]
        inputs["baseline"] = [plan.result("data/baseline", f"{run}.json") for run in runs]
    return inputs


def evidence_inputs(plan: Plan, sweep: str) -> Inputs:
    """Return the evidence of a sweep and of its parent, and the decisions between two sweeps."""
    parent = plan.parent(sweep)
    refined = sweep if parent else plan.child(sweep)
    inputs: Inputs = {
        "analysis": analysis_files(plan, sweep),
        "space": [plan.result(sweep, "space.yaml")],
        "trials": [plan.result(sweep, name) for name in ("trials.csv", "curves.csv")],
        "beside": if_trained(plan, sweep, "timings.csv", "provenance.json"),
    }
    if refined:
        names = ("decisions.csv", "backtest.csv")
        inputs["refined"] = [plan.result(refined, name) for name in names]
    if parent:
        inputs["parent"] = [plan.result(parent, "trials.csv"), *analysis_files(plan, parent)]
    return inputs


def document_inputs(plan: Plan, sweep: str) -> Inputs:
    """Return what the documents of a sweep rest on: its evidence, and what came of it."""
    inputs = evidence_inputs(plan, sweep)
    if plan.parent(sweep):
        inputs["comparison"] = plan.result(sweep, "documents/comparison.csv")
        inputs["verdicts"] = plan.result(sweep, "verdicts.csv")
        inputs["calibration"] = plan.result(sweep, "calibration.csv")
        inputs["champions"] = champions_files(plan, sweep)
    return inputs


def report_inputs(plan: Plan, sweep: str) -> Inputs:
    """Return what the report of a sweep shows: it, its parent, the decisions, the champions."""
    folder = Path(__file__).parents[1] / "reporting/page"
    style = [str(folder / f"report.{kind}") for kind in ("css", "js")]
    style += sorted(str(path) for path in folder.glob("templates/**/*.j2"))
    inputs = evidence_inputs(plan, sweep) | {"style": style}
    if plan.parent(sweep):
        inputs["champions"] = champions_files(plan, sweep)
    return inputs


def briefing_inputs(plan: Plan, sweep: str) -> Inputs:
    """Return what is known before the first trial; without an approval, only the space."""
    inputs: Inputs = {"space": plan.result(sweep, "space.yaml")}
    if plan.parent(sweep):
        inputs["decisions"] = plan.result(sweep, "decisions.csv")
        inputs["backtest"] = plan.result(sweep, "backtest.csv")
        inputs["predictions"] = plan.result(sweep, "predictions.csv")
        inputs["outlook"] = plan.result(sweep, "forecast.csv")
        inputs["parent"] = of_parent(plan, sweep, "space.yaml") + of_parent(
            plan, sweep, "trials.csv"
        )
    if plan.config.trains(sweep) and (not plan.needs_review(sweep) or approval(plan, sweep)):
        inputs["preflight"] = plan.result(sweep, "preflight.json")
        inputs["warmstart"] = plan.result(sweep, "warmstart.csv")
    return inputs
