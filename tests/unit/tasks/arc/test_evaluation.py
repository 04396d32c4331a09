import numpy as np
import pytest
from sklearn.metrics import confusion_matrix, f1_score, precision_score

from resweep.tasks.arc import evaluation


def sample(seed=0, n=60, k=4):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, k, n)
    return labels, np.where(rng.random(n) < 0.6, labels, rng.integers(0, k, n))


def test_confusion_and_f1_agree_with_scikit_learn():
    labels, predicted = sample()
    table = evaluation.confusion(labels, predicted, 4)
    assert (table == confusion_matrix(labels, predicted)).all()
    assert evaluation.macro_f1(table) == pytest.approx(f1_score(labels, predicted, average="macro"))


def test_categories_that_never_occur_do_not_lower_f1():
    table = np.zeros((3, 3), int)
    table[0, 0] = 5
    assert evaluation.macro_f1(table) == 1
    assert np.isnan(evaluation.macro_f1(np.zeros((2, 2), int)))


def test_the_category_table_has_recall_and_precision():
    labels, predicted = sample()
    rows = evaluation.category_table(evaluation.confusion(labels, predicted, 5), "abcde")
    precision = precision_score(labels, predicted, average=None)
    for index, name in enumerate("abcd"):
        here = labels == index
        assert rows[name]["n"] == here.sum()
        assert rows[name]["accuracy"] == pytest.approx((predicted[here] == index).mean())
        assert rows[name]["precision"] == pytest.approx(precision[index])
    assert rows["e"] == {"n": 0, "correct": 0, "accuracy": None, "precision": None}


def test_the_interval_has_about_the_width_of_the_normal_one():
    correct = np.repeat([1, 0], [60, 40])
    low, high = evaluation.bootstrap_interval(correct)
    assert low < 0.6 < high and high - low == pytest.approx(2 * 1.96 * 0.049, abs=0.02)
    assert evaluation.bootstrap_interval(correct) == (low, high)


def test_seeds_of_one_task_do_not_count_as_tasks():
    correct = np.repeat([1, 0], [60, 40])
    one, many = (evaluation.bootstrap_interval(np.tile(correct, (k, 1))) for k in (1, 10))
    assert one == many


def test_mcnemar_is_the_exact_binomial():
    first = np.array([1] * 9 + [0] * 1 + [1] * 20)
    second = np.array([0] * 9 + [1] * 1 + [1] * 20)
    found = evaluation.mcnemar(first, second)
    assert (found["only_first"], found["only_second"]) == (9, 1)
    assert found["p"] == pytest.approx(2 * 11 / 2**10)
    assert found["difference"] == pytest.approx(8 / 30)
    assert evaluation.mcnemar(first, first)["p"] == 1


def test_permutation_agrees_with_mcnemar_and_is_one_without_difference():
    first = np.array([1] * 12 + [0] * 2 + [1] * 20)
    second = np.array([0] * 12 + [1] * 2 + [1] * 20)
    exact, sampled = evaluation.mcnemar(first, second), evaluation.paired_permutation(first, second)
    assert sampled["p"] == pytest.approx(exact["p"], abs=0.005)
    assert sampled["difference"] == pytest.approx(exact["difference"])
    assert evaluation.paired_permutation(first, first)["p"] == 1


@pytest.mark.parametrize("test", [evaluation.mcnemar, evaluation.paired_permutation])
def test_unpaired_tasks_are_refused(test):
    with pytest.raises(ValueError, match="not paired"):
        test(np.ones(3), np.ones(4))


def test_an_ensemble_averages_probabilities():
    members = [np.array([[1.0, 0.0]]), np.array([[0.2, 0.8]])]
    assert evaluation.ensemble(members).tolist() == [[0.6, 0.4]]


def test_the_summary_is_consistent():
    labels, predicted = sample()
    found = evaluation.summary(labels, np.eye(4)[predicted], "abcd")
    assert found["accuracy"] == (labels == predicted).mean() and found["n"] == 60
    assert found["majority"] == np.bincount(labels).max() / 60
    assert np.trace(found["confusion"]) / 60 == found["accuracy"]
