"""The measures on examples that were worked out by others, or by hand."""

import pytest

from tasks.evaluation import metrics


def pairs(table: dict[tuple[str, str], int]) -> tuple[list[str], list[str]]:
    told = [pair for pair, count in table.items() for _ in range(count)]
    return [one for one, _ in told], [other for _, other in told]


def test_kappa_on_the_grant_proposals():
    """The textbook example of two readers and fifty proposals: 0.4."""
    truth, said = pairs({("yes", "yes"): 20, ("yes", "no"): 5, ("no", "yes"): 10, ("no", "no"): 15})
    assert metrics.kappa(truth, said) == pytest.approx(0.4)
    assert metrics.accuracy(truth, said) == pytest.approx(0.7)


def test_kappa_of_cohen_s_own_table():
    """Two judges, 200 cases, three diagnoses (Cohen 1960, table 1): 0.492."""
    truth, said = pairs(
        {
            ("1", "1"): 88, ("1", "2"): 14, ("1", "3"): 18,
            ("2", "1"): 10, ("2", "2"): 40, ("2", "3"): 10,
            ("3", "1"): 2, ("3", "2"): 6, ("3", "3"): 12,
        }
    )  # fmt: skip
    assert metrics.kappa(truth, said) == pytest.approx(0.492, abs=5e-4)


def test_quadratic_kappa_weighs_the_distance():
    """By hand: six pairs over three classes, squared distances of 6 where chance gives 8."""
    truth, said = list("aabbcc"), list("abbcca")
    assert metrics.quadratic_kappa(truth, said, "abc") == pytest.approx(1 - 6 / 8)
    near, far = ["a", "a", "c"], ["a", "b", "c"]
    other = ["a", "c", "c"]
    assert metrics.quadratic_kappa(near, far, "abc") > metrics.quadratic_kappa(near, other, "abc")
    assert metrics.kappa(near, far) < metrics.quadratic_kappa(near, far, "abc")


def test_macro_f1_is_the_mean_of_the_classes():
    """By hand: 2/3 and 4/5; a class that was only ever said is none of them."""
    assert metrics.macro_f1(list("aabb"), list("abbb")) == pytest.approx((2 / 3 + 4 / 5) / 2)
    assert metrics.macro_f1(list("aa"), list("ab")) == pytest.approx(2 / 3)


def test_calibration_is_the_distance_of_confidence_to_truth():
    """By hand: 0.95 said, 1 of 2 right; 0.25 said, 1 of 4 right."""
    told = [0.95, 0.95, 0.25, 0.25, 0.25, 0.25]
    right = [True, False, True, False, False, False]
    assert metrics.calibration_error(told, right) == pytest.approx((2 * 0.45 + 4 * 0.0) / 6)
    assert metrics.calibration_error([1.0, 1.0], [True, True]) == 0.0


def test_spearman_of_hours_and_intelligence():
    """The textbook example of ten people: -29/165."""
    intelligence = [106, 100, 86, 101, 99, 103, 97, 113, 112, 110]
    hours = [7, 27, 2, 50, 28, 29, 20, 12, 6, 17]
    assert metrics.spearman(intelligence, hours) == pytest.approx(-29 / 165)


def test_spearman_shares_ranks_among_ties():
    """By hand: ranks 1.5, 1.5, 3, 4 against 1, 2, 3.5, 3.5."""
    assert metrics.spearman([0, 0, 1, 2], [1, 2, 5, 5]) == pytest.approx(0.8889, abs=1e-4)
    assert metrics.spearman([1, 2, 3], [10, 100, 1000]) == pytest.approx(1.0)


def test_what_is_not_defined_is_none():
    """Never 0: nothing was measured."""
    assert metrics.accuracy([], []) is None
    assert metrics.macro_f1([], []) is None
    assert metrics.kappa([], []) is None
    assert metrics.kappa(["a"], ["a"]) is None
    assert metrics.quadratic_kappa([], [], "abc") is None
    assert metrics.calibration_error([], []) is None
    assert metrics.spearman([1.0], [1.0]) is None
    assert metrics.spearman([1.0, 1.0], [1.0, 2.0]) is None
    assert metrics.share(0, 0) is None
