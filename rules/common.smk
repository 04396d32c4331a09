# What the chapters share: the validated configuration, names of files, digests of code.

import json
import os
import sys
from functools import cache

from snakemake.exceptions import WorkflowError
from snakemake_interface_executor_plugins.settings import SharedFSUsage

ROOT = Path(str(workflow.current_basedir)).parent
sys.path.insert(0, str(ROOT / "src"))

from resweep.workflow import configuration
from resweep.workflow.digests import digest
from resweep.errors import InputError
from resweep.sweep.schedule import (
    Schedule,
    job_count,
    jobs_before,
    job_numbers,
    seed_for,
    side_by_side,
)
from resweep.workflow.scripts import share_library
from resweep.space.model import Space

share_library()
try:
    CONFIG = configuration.from_mapping(config)
    N_TRIALS = {
        name: sweep.trials or (Space.load(sweep.space).n_trials if sweep.space else 100)
        for name, sweep in CONFIG.sweeps.items()
    }
except InputError as error:
    raise WorkflowError(str(error)) from None

RESULTS = CONFIG.results
SCRIPTS = ROOT / "workflow" / "scripts"
FIRST = [s for s, given in CONFIG.sweeps.items() if given.parent is None and given.study is None]
CHILDREN = [s for s, given in CONFIG.sweeps.items() if given.parent is not None]
TRAINED = [s for s in CONFIG.sweeps if CONFIG.trains(s)]
IMPORTED = [s for s in CONFIG.sweeps if not CONFIG.trains(s)]
NONE = "no-such-sweep"
CONDA = "../envs/resweep.yaml"


wildcard_constraints:
    sweep="|".join(CONFIG.sweeps),
    job=r"\d+",


def one_of(sweeps):
    """Return a wildcard pattern that matches exactly these sweeps."""
    return "|".join(sweeps) or NONE


digest_once = cache(digest)


def code_of(script, *modules):
    """Return the digest of a script and all resweep modules that it reaches, once it is asked for."""
    return lambda wildcards: digest_once(str(SCRIPTS / script), *modules)


def as_json(value):
    """Return one text that Snakemake can compare: its params trigger looks at values, not names."""
    return json.dumps(value, sort_keys=True, default=str)


def result(*parts):
    """Return a path below the results folder."""
    return "/".join((RESULTS, *parts))


def parent_of(wildcards):
    return CONFIG.sweeps[wildcards.sweep].parent


def ancestors_of(wildcards):
    return CONFIG.ancestors(wildcards.sweep)


def trial_settings(wildcards):
    """Return, as JSON, what decides the trials of a job besides their inputs."""
    sweep, engine = wildcards.sweep, CONFIG.engine_of(wildcards.sweep)
    early = int(wildcards.job) in early_jobs(sweep)
    # An early job carries what it would carry in an extended sweep: it cannot be added to later.
    n_trials = most_trials(sweep) if early else decided_trials(sweep)
    numbers = job_numbers(int(wildcards.job), engine.trials_per_job, n_trials)
    fallback = engine.fallback if CONFIG.sweeps[sweep].parent else 0.0
    schedule = Schedule.plan(
        N_TRIALS[sweep], n_enqueued(sweep), engine.replicate, fallback, most_trials(sweep)
    )
    return as_json(
        {
            "seed": engine.seed,
            "window": engine.window,
            "sampler": engine.sampler,
            "trials_per_job": engine.trials_per_job,
            "n_trials": numbers[-1] + 1,
            "schedule": vars(schedule.up_to(numbers[-1])),
            "objective": CONFIG.objective,
            "threads": engine.threads,
            "retries": engine.retries,
            "timeout_seconds": engine.timeout_seconds,
            "memory_mb": engine.memory_mb,
            "code": TRIAL_CODE,
        }
    )


def preflight_options(sweep, launch):
    """Return the options of the launch checklist."""
    engine = CONFIG.engine_of(sweep)
    options = {
        "--launch": launch,
        "--objective": CONFIG.objective,
        "--seed": engine.seed,
        "--threads": engine.threads,
        "--n-trials": N_TRIALS[sweep],
        "--slots": side_by_side(engine.trials_per_job, engine.window),
    }
    if workflow.resource_settings.cores:  # on a cluster only a job knows its cores
        options["--cores"] = workflow.resource_settings.cores
    if DATA:
        options["--data"] = DATA
    if needs_review(sweep):
        options["--approval"] = f"config/approvals/{sweep}.json"
    parent = CONFIG.sweeps[sweep].parent
    if parent in TRAINED:  # no input: its times differ from run to run
        options["--parent"] = result(parent, "preflight.json")
    return " ".join(f"{key} {value}" for key, value in options.items())


def needs_review(sweep):
    """Whether a person must approve the space of a sweep."""
    return CONFIG.review == "required" and CONFIG.sweeps[sweep].parent is not None


def approval_path(wildcards):
    """Return the record of a person's approval, if one is needed and there."""
    path = f"config/approvals/{wildcards.sweep}.json"
    return [path] if needs_review(wildcards.sweep) and Path(path).exists() else []


def parents_file(wildcards, name):
    """Return a file of the parent sweep, if there is a parent."""
    return [result(parent_of(wildcards), name)] if parent_of(wildcards) else []


def half_of(sweep):
    """Return how many trials the mid-sweep check looks at."""
    midsweep = CONFIG.midsweep_of(sweep)
    return max(1, int(N_TRIALS[sweep] * midsweep.at)) if midsweep else N_TRIALS[sweep]


def n_if_stopped(sweep):
    """Return how many trials a sweep has if it stops half-way: those under way are kept."""
    return min(N_TRIALS[sweep], half_of(sweep) + CONFIG.engine_of(sweep).window)


def midsweep_settings(wildcards):
    """Return, as JSON, the rules of the mid-sweep check."""
    sweep = wildcards.sweep
    given = CONFIG.midsweep_of(sweep).model_dump(exclude={"at"})
    seed = seed_for(CONFIG.engine_of(sweep).seed, "midsweep")
    return as_json(
        given | {"n_planned": N_TRIALS[sweep], "n_stop": n_if_stopped(sweep), "seed": seed}
    )


def most_trials(sweep):
    """Return how many trials a sweep has if it is extended half-way."""
    midsweep = CONFIG.midsweep_of(sweep)
    return max(N_TRIALS[sweep], midsweep.max_trials or 0) if midsweep else N_TRIALS[sweep]


def decided_trials(sweep):
    """Return how many trials a sweep has, once that is known."""
    if not CONFIG.midsweep_of(sweep):
        return N_TRIALS[sweep]
    with checkpoints.midsweep.get(sweep=sweep).output.decision.open() as stream:
        return json.load(stream)["n_trials"]


def if_trained(sweep, name):
    """Return a file that only sweeps that train have."""
    return [result(sweep, name)] if CONFIG.trains(sweep) else []


def n_enqueued(sweep):
    """Return how many points the launch file of a sweep tries first."""
    path = checkpoints.launch.get(sweep=sweep).output.launch
    return _n_enqueued(str(path), Path(path).stat().st_mtime_ns)


@cache
def _n_enqueued(path, _stamp):
    return len(json.loads(Path(path).read_text())["enqueued"])


def record_path(sweep, job, kind="trials"):
    return result(sweep, kind, f"{job:05d}.jsonl")


def records_before(wildcards):
    """Return the records that a job waits for: those of the jobs one window before it.

    Where jobs do not see each other's files, all that it reads, so that they are brought to it.
    """
    engine = CONFIG.engine_of(wildcards.sweep)
    jobs = jobs_before(int(wildcards.job), engine.trials_per_job, engine.window)
    if SharedFSUsage.INPUT_OUTPUT not in workflow.storage_settings.shared_fs_usage:
        jobs = range(jobs.stop)
    return [record_path(wildcards.sweep, job) for job in jobs]


def midsweep_decision(wildcards):
    """Return the file of the mid-sweep decision, if there is to be one."""
    on = CONFIG.midsweep_of(wildcards.sweep) is not None
    return [checkpoints.midsweep.get(sweep=wildcards.sweep).output.decision] if on else []


def jobs_for(sweep, n_trials):
    """Return the jobs that carry the first `n_trials` trials."""
    return range(job_count(n_trials, CONFIG.engine_of(sweep).trials_per_job))


def early_jobs(sweep):
    """Return the jobs that run whatever the mid-sweep check decides."""
    return jobs_for(sweep, n_if_stopped(sweep))


def first_half_records(wildcards):
    """Return what the mid-sweep check looks at."""
    checkpoints.launch.get(sweep=wildcards.sweep)
    jobs = jobs_for(wildcards.sweep, half_of(wildcards.sweep))
    return [record_path(wildcards.sweep, job) for job in jobs]


def early_records(wildcards):
    """Return the records that can be had before the mid-sweep check has decided."""
    checkpoints.launch.get(sweep=wildcards.sweep)
    return [record_path(wildcards.sweep, job) for job in early_jobs(wildcards.sweep)]


def all_jobs(sweep):
    """Return all jobs of a sweep, once it is known what it starts from and how long it is."""
    checkpoints.launch.get(sweep=sweep)
    return jobs_for(sweep, decided_trials(sweep))


def all_records(wildcards):
    return [record_path(wildcards.sweep, job) for job in all_jobs(wildcards.sweep)]


def all_timings(wildcards):
    return [record_path(wildcards.sweep, job, "timings") for job in all_jobs(wildcards.sweep)]


def sweep_files(sweep):
    """Return what stands when a sweep is finished."""
    refined = refine_files(sweep) if CONFIG.sweeps[sweep].parent else []
    return refined + [result(sweep, name) for name in ("trials.csv", "study.db")]


TRIAL_CODE = digest(
    "resweep.sweep.trials.__main__", CONFIG.objective.partition(":")[0], *CONFIG.code
)


ANALYSIS = (
    "overview.csv",
    "best_so_far.csv",
    "history.png",
    "ranges_explored.csv",
    "empirical_ranges.yaml",
    "importances_fanova.csv",
    "importances_ped_anova.csv",
    "importances.html",
    "importances.png",
    "directionality_continuous.csv",
    "directionality_booleans.csv",
    "directionality_categoricals.csv",
    "directionality_contrasts.csv",
    "directionality.png",
    "elite_choices.csv",
    "elite_spans.csv",
    "elite_crowding.csv",
    "points.csv",
    "significance.csv",
    "power.csv",
    "interactions.csv",
    "contour_pairs.csv",
    "contours.csv",
    "contours.png",
    "noise.csv",
    "drift.csv",
    "stability.csv",
    "dead_parameters.csv",
    "caveats.csv",
    "refined_space_aggressive.yaml",
)


def analysis(name):
    """Return the path of a file in the analysis folder, for any sweep."""
    return result("{sweep}/analysis", name)


def analysis_tables(wildcards):
    """Return what the summary of a sweep rests on, by name."""
    return {
        "fanova": result(wildcards.sweep, "analysis/importances_fanova.csv"),
        "ped_anova": result(wildcards.sweep, "analysis/importances_ped_anova.csv"),
        "others": [
            result(wildcards.sweep, "analysis", name)
            for name in ANALYSIS
            if not name.startswith("importances_")
        ],
    }


def analysis_files(sweep):
    """Return everything in the analysis folder of a sweep."""
    names = (*ANALYSIS, "SUMMARY.md", "analysis.log")
    return [result(sweep, "analysis", name) for name in names]


def policy_file(name):
    """Return the file of a policy: of this project, else the one that comes with the workflow."""
    own = f"config/policies/{name}.yaml"
    return own if Path(own).exists() else str(ROOT / own)


def policy_path(wildcards):
    """Return the policy file of a sweep: a name, or a path."""
    policy = CONFIG.sweeps[wildcards.sweep].policy
    return policy if Path(policy).suffix else policy_file(policy)


def overrides_path(wildcards):
    """Return the file of a person's overrides, if there is one."""
    path = f"config/overrides/{wildcards.sweep}.yaml"
    return [path] if Path(path).exists() else []


def refine_files(sweep):
    """Return the refined space of a sweep and why it is what it is."""
    names = ("space.yaml", "decisions.csv", "RATIONALE.md", "backtest.csv")
    return analysis_files(CONFIG.sweeps[sweep].parent) + [result(sweep, n) for n in names]


def each_rank(name):
    """Return a file of every finalist of a sweep."""
    ranks = range(CONFIG.champions.top)
    return [result("{sweep}/champions/points", str(rank), name) for rank in ranks]


def champion_options(wildcards):
    """Return the options of one training of a champion of the built-in classifier."""
    given = CONFIG.champions
    options = {"--epochs": given.epochs, "--patience": given.patience}
    words = [f"{key} {value}" for key, value in options.items() if value is not None]
    return " ".join([*words, fold_option(wildcards.fold)])


def fold_option(fold):
    """Return the option that tests on a fold; fold 0 stands for the test split."""
    return f"--fold {int(fold) - 1}" if int(fold) else ""


def champion_seed_of(wildcards):
    """Return the seed of one training of a champion."""
    seed = CONFIG.engine_of(wildcards.sweep).seed
    return seed_for(seed, "champion", wildcards.rank, wildcards.seed)


def champion_inputs(wildcards):
    """Return what the champions of a sweep are judged by: theirs, its parent's, the baseline."""
    parent = CONFIG.sweeps[wildcards.sweep].parent
    sweeps = [wildcards.sweep] + ([parent] if parent else [])
    for sweep in sweeps:
        checkpoints.finalists.get(sweep=sweep)
    given = CONFIG.champions
    folds = range(1, given.folds + 1) if given.folds else [0]
    runs = [f"seed{seed}fold{fold}" for seed in range(given.seeds) for fold in folds]
    inputs = {
        "space": result(wildcards.sweep, "space.yaml"),
        "points": [result(sweep, "champions/points.json") for sweep in sweeps],
        "metrics": [
            result(sweep, "champions", str(rank), run, "metrics.json")
            for sweep in sweeps
            for rank in range(given.top)
            for run in runs
        ],
    }
    if BUILT_IN:
        inputs["card"] = [f"{DATA}.card.json"]
        inputs["baseline"] = [result("data/baseline", f"{run}.json") for run in runs]
    return inputs


def champions_files(sweep):
    """Return what stands when the champions of a sweep are judged, its analysis among it."""
    names = (
        "champions.csv",
        "per_category.csv",
        "confusion.csv",
        "comparison.csv",
        "MODEL_CARD.md",
    )
    files = [result(sweep, "champions", name) for name in names]
    if CONFIG.sweeps[sweep].parent:
        files.append(result(sweep, "documents/COMPARISON.md"))
    return analysis_files(sweep) + files


def child_of(sweep):
    """Return the first sweep whose parent is this one, if there is one."""
    children = (name for name, given in CONFIG.sweeps.items() if given.parent == sweep)
    return next(children, None)


def evidence_inputs(wildcards):
    """Return the evidence of a sweep and of its parent, and the decisions between two sweeps."""
    sweep, parent = wildcards.sweep, CONFIG.sweeps[wildcards.sweep].parent
    refined = sweep if parent else child_of(sweep)
    inputs = {
        "analysis": analysis_files(sweep),
        "space": [result(sweep, "space.yaml")],
        "trials": [result(sweep, name) for name in ("trials.csv", "curves.csv")],
        "beside": if_trained(sweep, "timings.csv") + if_trained(sweep, "provenance.json"),
    }
    if refined:
        inputs["refined"] = [result(refined, "decisions.csv"), result(refined, "backtest.csv")]
    if parent:
        inputs["parent"] = [result(parent, "trials.csv"), *analysis_files(parent)]
    return inputs


def document_inputs(wildcards):
    """Return what the documents of a sweep rest on: its evidence, and what came of it."""
    inputs = evidence_inputs(wildcards)
    if parent_of(wildcards):
        inputs["comparison"] = result(wildcards.sweep, "documents/comparison.csv")
        inputs["champions"] = champions_files(wildcards.sweep)
    return inputs


def report_inputs(wildcards):
    """Return what the report of a sweep shows: it, its parent, the decisions, the champions."""
    style = [str(ROOT / "src/resweep/reporting/page" / f"report.{kind}") for kind in ("css", "js")]
    inputs = evidence_inputs(wildcards) | {"style": style}
    if parent_of(wildcards):
        inputs["champions"] = champions_files(wildcards.sweep)
    return inputs


def briefing_inputs(wildcards):
    """Return what is known before the first trial; without an approval, only the space."""
    sweep, parent = wildcards.sweep, parent_of(wildcards)
    inputs = {"space": result(sweep, "space.yaml")}
    if parent:
        inputs["decisions"] = result(sweep, "decisions.csv")
        inputs["backtest"] = result(sweep, "backtest.csv")
    if not CONFIG.trains(sweep):
        return inputs
    if not needs_review(sweep) or approval_path(wildcards):
        inputs["preflight"] = result(sweep, "preflight.json")
        inputs["warmstart"] = result(sweep, "warmstart.csv")
    return inputs


def outcome_lines():
    """Return what the sweeps came to that this run was asked for: the last ones, if for all."""
    from resweep.reporting.live.outcome import outcome

    targets = [str(target) for target in workflow.dag_settings.targets or ()]
    asked = [name for name in CONFIG.sweeps if any(t.endswith(f"_{name}") for t in targets)]
    lines = []
    for name in asked or [name for name in CONFIG.sweeps if child_of(name) is None]:
        if Path(result(name, "trials.csv")).exists():
            try:
                lines += ["", *outcome(RESULTS, name, CONFIG.sweeps[name].parent)]
            except (InputError, OSError) as error:
                lines.append(f"{name}: cannot be summed up: {error}")
    return lines


def command_of(target):
    """Return the command that makes a target as this run was told to."""
    files = [os.path.relpath(file) for file in workflow.config_settings.configfiles or ()]
    given = ["--configfile", *files] if files else []
    return " ".join(["snakemake", "--cores", "4", target, *given])


FIGURES = (
    "history",
    "importances",
    "directionality",
    "bounds",
    "contours",
    "parallel_coordinates",
    "learning_curves",
    "noise",
)
CHAMPION_FIGURES = ("champions", "confusion")


def figure_file(name, form):
    """Return the path of a figure, for any sweep."""
    return result("{sweep}/figures", f"{name}.{form}")


def report_files(sweep):
    """Return what stands when a sweep is reported."""
    names = [
        "report.html",
        "documents/LAUNCH_CHECKLIST.md",
        "documents/QUICK_REFERENCE.md",
        "documents/FINDINGS.md",
        "documents/EXECUTIVE_SUMMARY.md",
    ]
    figures = FIGURES
    if CONFIG.sweeps[sweep].parent:
        names += ["documents/comparison.csv", "documents/COMPARISON.md"]
        figures = (*FIGURES, *CHAMPION_FIGURES, "comparison")
    names += [f"figures/{name}.{form}" for name in figures for form in ("svg", "png")]
    return sweep_files(sweep) + [result(sweep, name) for name in names]
