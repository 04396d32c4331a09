# What the chapters share. All that can be computed without Snakemake is in resweep.workflow; here
# it meets wildcards, checkpoints and the settings of this run.

import json
from functools import cache

from snakemake_interface_executor_plugins.settings import SharedFSUsage

from resweep.workflow import files, settings
from resweep.workflow.digests import digest
from resweep.workflow.outcomes import outcome_lines
from resweep.workflow.plan import Plan, one_of
from resweep.workflow.scripts import share_imports, share_library

share_library()
try:
    PLAN = Plan.from_mapping(config, ROOT)
except InputError as error:
    raise WorkflowError(str(error)) from None

share_imports(PLAN.config.engine.preload and workflow.is_main_process and workflow.local_exec)
CONFIG, DATA, result = PLAN.config, PLAN.data, PLAN.result
CONDA = "../envs/resweep.yaml"


wildcard_constraints:
    sweep="|".join(CONFIG.sweeps),
    job=r"\d+",


def by_sweep(function, *words):
    """Return a function of the wildcards that asks the plan about their sweep."""
    return lambda wildcards: function(PLAN, wildcards.sweep, *words)


digest_once = cache(digest)
TRIAL_MODULES = (CONFIG.objective.partition(":")[0], *CONFIG.code)
TRIAL_CODE = digest("resweep.sweep.trials.__main__", *TRIAL_MODULES)


def code_of(script, *modules):
    """Return the digest of a script and all resweep modules that it reaches, once it is asked for."""
    path = str(ROOT / "workflow/scripts" / script)
    return lambda wildcards: digest_once(path, *modules)


def command_of(target):
    """Return the command that makes a target as this run was told to."""
    return settings.command(target, workflow.config_settings.configfiles or ())


def launched(sweep):
    """Return what the launch file of a sweep says, once there is one."""
    return settings.launched(checkpoints.launch.get(sweep=sweep).output.launch)


def plan_of(sweep):
    """Return the plan, with as many trials of a sweep as its budget allows."""
    known = PLAN.budget(sweep) is None
    return PLAN if known else PLAN.with_trials(sweep, launched(sweep).n_trials)


def once_planned(function, *words):
    """Return a function of the wildcards that asks the plan about their sweep, its budget known."""
    return lambda wildcards: function(plan_of(wildcards.sweep), wildcards.sweep, *words)


def midsweep_decision(wildcards):
    """Return the file of the mid-sweep decision, if there is to be one."""
    on = CONFIG.midsweep_of(wildcards.sweep) is not None
    return [checkpoints.midsweep.get(sweep=wildcards.sweep).output.decision] if on else []


def n_decided(wildcards):
    """Return how many trials a sweep has, once that is known."""
    for path in midsweep_decision(wildcards):
        return json.loads(Path(path).read_text())["n_trials"]
    return plan_of(wildcards.sweep).n_trials[wildcards.sweep]


def records_before(wildcards):
    """Return the records that a job waits for; all that it reads where files are not shared."""
    shared = SharedFSUsage.INPUT_OUTPUT in workflow.storage_settings.shared_fs_usage
    jobs = PLAN.jobs_before(wildcards.sweep, int(wildcards.job), all_of_them=not shared)
    return files.records(PLAN, wildcards.sweep, jobs)


def records(kind, count):
    """Return a function of the wildcards: the files of the jobs of a sweep's first trials."""

    def found(wildcards):
        checkpoints.launch.get(sweep=wildcards.sweep)
        jobs = PLAN.jobs(wildcards.sweep, count(wildcards))
        return files.records(PLAN, wildcards.sweep, jobs, kind)

    return found


def trial_settings(wildcards):
    """Return, as JSON, what decides the trials of a job besides their inputs."""
    plan = plan_of(wildcards.sweep)
    early = int(wildcards.job) in plan.early_jobs(wildcards.sweep)
    return settings.trial_settings(
        plan,
        wildcards.sweep,
        int(wildcards.job),
        n_enqueued=launched(wildcards.sweep).n_enqueued,
        n_decided=None if early else n_decided(wildcards),
        code=TRIAL_CODE,
    )


def champion_inputs(wildcards):
    """Return what the champions of a sweep are judged by, once the best points are known."""
    for sweep in (wildcards.sweep, *CONFIG.ancestors(wildcards.sweep)):
        checkpoints.finalists.get(sweep=sweep)
    return files.champion_inputs(PLAN, wildcards.sweep)
