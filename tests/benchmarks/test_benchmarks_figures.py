"""The arithmetic of the benchmark: samples, percentiles and ratios."""

import pytest

from benchmarks.figures import Row, Sample, compared, percentile


def test_a_sample_has_median_lowest_and_highest():
    sample = Sample((3.0, 1.0, 2.0, 9.0, 4.0))
    assert (sample.median, sample.low, sample.high) == (3.0, 1.0, 9.0)


def test_the_median_of_an_even_number_of_rounds_is_between_the_two_in_the_middle():
    assert Sample((1.0, 2.0, 4.0, 8.0)).median == 3.0


def test_a_rate_is_fastest_where_the_time_was_shortest():
    rate = Sample((2.0, 4.0)).rate(100)
    assert (rate.low, rate.high) == (25.0, 50.0)


def test_seconds_for_all_tables_become_milliseconds_per_table():
    assert Sample((5.0, 10.0)).over(2500 / 1000).values == (2.0, 4.0)


@pytest.mark.parametrize(("share", "expected"), [(0.0, 1), (0.5, 51), (0.99, 100), (1.0, 100)])
def test_a_percentile_is_one_of_the_values(share, expected):
    assert percentile(range(100, 0, -1), share) == expected


def test_a_percentile_of_nothing_is_refused():
    with pytest.raises(ValueError, match="at least one value"):
        percentile([], 0.5)


def test_each_contender_is_compared_with_every_base_but_itself():
    samples = {"limit": Sample((1.0,)), "boto3": Sample((10.0, 12.0)), "reconciler": Sample((2.0,))}
    rows = compared("P1", "read", "s", samples, ("limit", "boto3"))
    assert [row.contender for row in rows] == ["limit", "boto3", "reconciler"]
    assert rows[0].ratios == {"boto3": 1 / 11}
    assert rows[1].ratios == {"limit": 11.0}
    assert rows[2].ratios == {"limit": 2.0, "boto3": 2 / 11}
    assert (rows[1].median, rows[1].low, rows[1].high, rows[1].rounds) == (11.0, 10.0, 12.0, 2)


def test_a_base_that_was_not_measured_is_left_out():
    assert compared("P1", "read", "s", {"reconciler": Sample((2.0,))})[0].ratios == {}


def test_a_count_has_no_spread():
    row = Row.single(("P2", "calls", "reconciler"), "calls", 7, {"page": 1.0})
    assert (row.median, row.low, row.high, row.rounds) == (7, 7, 7, 1)
