import pytest
import torch

from resweep.tasks.arc import batches
from resweep.tasks.arc.data import PAD, load


@pytest.fixture
def tasks():
    """Three tasks with 5, 2 and 1 examples; example e of task t holds the number 3 t + e."""
    grids = torch.full((3, 5, 4, 4, 2), PAD, dtype=torch.uint8)
    for task in range(3):
        for example in range(5):
            grids[task, example, :2, :3] = (3 * task + example) % 10
    return batches.TaskTensors(grids, torch.tensor([5, 2, 1]), torch.tensor([0, 1, 2]))


def test_random_demonstrations_are_distinct_where_there_are_enough(tasks):
    torch.manual_seed(0)
    for _ in range(20):
        drawn = batches.draw_examples(tasks, torch.tensor([0, 1, 2, 0]), 3, draw=None)
        assert drawn.shape == (4, 3)
        assert len(set(drawn[0].tolist())) == len(set(drawn[3].tolist())) == 3
        assert set(drawn[1].tolist()) == {0, 1} and drawn[2].tolist() == [0, 0, 0]


def test_every_demonstration_is_drawn_at_some_time(tasks):
    torch.manual_seed(0)
    drawn = batches.draw_examples(tasks, torch.zeros(2000, dtype=torch.int64), 3, draw=None)
    counts = torch.bincount(drawn.flatten(), minlength=5)
    assert (counts > 1000).all() and len(drawn.unique(dim=0)) == 60


def test_more_demonstrations_than_examples_repeat(tasks):
    drawn = batches.draw_examples(tasks, torch.tensor([0, 1, 2]), 7, draw=None)
    assert drawn.shape == (3, 7)
    assert [len(set(row.tolist())) for row in drawn] == [5, 2, 1]


def test_numbered_draws_need_no_randomness(tasks):
    rows = torch.tensor([0, 1, 2])
    before = torch.get_rng_state()
    first = batches.draw_examples(tasks, rows, 3, draw=0)
    second = batches.draw_examples(tasks, rows, 3, draw=1)
    assert first.tolist() == [[0, 1, 2], [0, 1, 0], [0, 0, 0]]
    assert second.tolist() == [[3, 4, 0], [1, 0, 1], [0, 0, 0]]
    assert (torch.get_rng_state() == before).all()


def test_gathered_pairs_are_the_right_ones(tasks):
    pairs = batches.gather(tasks, torch.tensor([2, 0]), torch.tensor([[0, 0], [4, 1]]))
    assert pairs[:, :, 0, 0, 0].tolist() == [[6, 6], [4, 1]]


def test_colours_change_places_the_same_way_in_a_sample():
    torch.manual_seed(0)
    pairs = torch.randint(0, 11, (6, 3, 5, 5, 2), dtype=torch.uint8)
    permuted = batches.permute_colours(pairs)
    assert permuted.dtype == torch.uint8
    different = 0
    for before, after in zip(pairs, permuted, strict=True):
        table = {int(b): int(a) for b, a in zip(before.flatten(), after.flatten(), strict=True)}
        assert all((after[before == b] == a).all() for b, a in table.items())
        assert table[0] == 0 and table[PAD] == PAD
        assert sorted(table) == sorted(table.values()) == list(range(11))
        different += table != {i: i for i in range(11)}
    assert different == 6


def test_the_eight_symmetries_are_distinct_and_belong_to_the_square():
    pairs = torch.arange(32, dtype=torch.uint8).view(1, 1, 4, 4, 2)
    turned = [batches.turn(pairs, s) for s in range(8)]
    assert (turned[0] == pairs).all()
    assert len({t.numpy().tobytes() for t in (t.contiguous() for t in turned)}) == 8
    assert all(sorted(t.flatten().tolist()) == list(range(32)) for t in turned)


def test_random_turns_are_among_the_eight_and_the_same_within_a_sample():
    torch.manual_seed(0)
    pairs = torch.arange(32, dtype=torch.uint8).view(1, 1, 4, 4, 2).expand(40, 2, -1, -1, -1)
    allowed = {batches.turn(pairs[:1, :1], s).contiguous().numpy().tobytes() for s in range(8)}
    turned = batches.turn_at_random(pairs).contiguous()
    assert (turned[:, 0] == turned[:, 1]).all()
    assert {t[:1].numpy().tobytes() for t in turned} == allowed


def test_planes_are_one_hot_in_channels_last_order():
    torch.manual_seed(0)
    pairs = torch.randint(0, 11, (3, 5, 5, 2), dtype=torch.uint8)
    planes = batches.planes(pairs, difference=False)
    assert planes.shape == (3, 22, 5, 5)
    assert planes.is_contiguous(memory_format=torch.channels_last)
    assert (planes[:, :11].argmax(1) == pairs[..., 0]).all()
    assert (planes[:, 11:].argmax(1) == pairs[..., 1]).all()
    assert (planes.sum(1) == 2).all()


def test_difference_planes_mark_changes_inside_both_grids():
    pairs = torch.tensor([[1, 2], [3, 3], [PAD, 4], [PAD, PAD]], dtype=torch.uint8)
    planes = batches.planes(pairs.view(1, 2, 2, 2), difference=True)
    assert planes[0, 22].flatten().tolist() == [1, 0, 0, 0]
    assert planes[0, 23].flatten().tolist() == [1, 1, 0, 0]


def test_tasks_go_to_the_device_as_they_are(data_file):
    data = load(data_file)
    tasks = batches.to_device(data, [5, 2], torch.device("cpu"))
    assert len(tasks) == 2
    assert (tasks.grids.numpy() == data.grids[[5, 2]]).all()
    assert tasks.labels.tolist() == data.category[[5, 2]].tolist()
