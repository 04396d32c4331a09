"""ARC-like tasks in nine categories, drawn from a seed.

A *task* is one rule with its parameters drawn (mirror left-right; colour 3 becomes 7); its
*examples* are fresh grids to which this one rule is applied. The rules live in `rules_spatial`,
`rules_logical` and `rules_algorithmic`, several for each category, so that a category is a kind of
reasoning and not one picture.

Every task has its own random stream, keyed by (seed, category, index of the task): asking for
more tasks leaves the first ones as they were.
"""

from __future__ import annotations

import numpy as np

from resweep.errors import InputError
from resweep.tasks.arc.grids import CATEGORIES, Example, Rule
from resweep.tasks.arc.rules import algorithmic as rules_algorithmic
from resweep.tasks.arc.rules import logical as rules_logical
from resweep.tasks.arc.rules import spatial as rules_spatial

_FAMILIES = rules_spatial, rules_logical, rules_algorithmic
RULES: dict[str, tuple[Rule, ...]] = {
    category: tuple(rule for family in _FAMILIES for rule in family.RULES.get(category, ()))
    for category in CATEGORIES
}

# A rule may refuse a draw (nothing would change, an object does not fit). This many refusals in a
# row mean that the rule cannot work at the grid sizes asked for.
_MAX_REFUSALS = 400


def generate(
    *, seed: int, n_tasks: int, examples: int, min_grid: int = 5, max_grid: int = 12
) -> list[tuple[str, str, list[Example]]]:
    """Draw `n_tasks` tasks, equally many of each category up to one.

    Parameters
    ----------
    seed
        Any non-negative integer; equal arguments give equal grids.
    n_tasks
        Number of tasks over all categories, at least 9.
    examples
        Distinct examples per task, at least 1.
    min_grid, max_grid
        Smallest and largest side of any grid, in cells; 5 <= min_grid <= max_grid <= 30 and
        max_grid >= 9.

    Returns
    -------
    list of (task id, category, examples)
        In the order of task ids, such as "S1-mirror-003"; an example is a pair of uint8 grids
        (input, output) with colours 0-9.

    Raises
    ------
    InputError
        If an argument is out of range.
    """
    if n_tasks < len(CATEGORIES):
        raise InputError(
            f"n_tasks is {n_tasks}, fewer than the {len(CATEGORIES)} categories",
            mend=f"ask for at least {len(CATEGORIES)} tasks",
        )
    if examples < 1:
        raise InputError(f"examples is {examples}", mend="ask for at least 1 example per task")
    if not (5 <= min_grid <= max_grid <= 30 and max_grid >= 9):
        raise InputError(
            f"grid sides from {min_grid} to {max_grid}",
            mend="choose 5 <= min_grid <= max_grid <= 30, and max_grid of at least 9",
        )
    tasks = []
    for index in range(n_tasks):
        category = CATEGORIES[index % len(CATEGORIES)]
        turn = index // len(CATEGORIES)
        rule = RULES[category][turn % len(RULES[category])]
        rng = np.random.default_rng([seed, CATEGORIES.index(category), turn])
        name = f"{category}-{rule.__name__}-{turn:03d}"
        tasks.append((name, category, draw_task(rule, rng, examples, min_grid, max_grid)))
    return sorted(tasks, key=lambda task: task[0])


def draw_task(
    rule: Rule, rng: np.random.Generator, examples: int, min_grid: int, max_grid: int
) -> list[Example]:
    """Draw one task of `rule`: its parameters once, then `examples` distinct examples."""
    example = rule(rng, min_grid, max_grid)
    found: list[Example] = []
    seen: set[bytes] = set()
    refusals = 0
    while len(found) < examples:
        pair = example(rng)
        key = b"" if pair is None else pair[0].tobytes() + bytes(pair[0].shape)
        if pair is None or key in seen or _unchanged(pair) or not _fits(pair, max_grid):
            refusals += 1
            if refusals > _MAX_REFUSALS:
                raise InputError(
                    f"rule {rule.__name__} finds no {examples} distinct examples "
                    f"on grids of side {min_grid} to {max_grid}",
                    mend="raise max_grid or ask for fewer examples",
                )
            continue
        refusals = 0
        seen.add(key)
        found.append(pair)
    return found


def _unchanged(pair: Example) -> bool:
    return pair[0].shape == pair[1].shape and bool((pair[0] == pair[1]).all())


def _fits(pair: Example, max_grid: int) -> bool:
    return all(1 <= side <= max_grid for grid in pair for side in grid.shape)
