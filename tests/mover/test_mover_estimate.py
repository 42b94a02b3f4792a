"""What building the next generation takes: units, time, price, and what is refused because of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from mover.generations import Bench, bench

import reconciler.mover
from reconciler.model.errors import Forbidden, SettingsError, UsageError
from reconciler.mover.estimate import Prices, estimate, read_prices, time_text
from reconciler.mover.governor import RateLimits

SHIPPED = Path(reconciler.mover.__file__).with_name("prices.toml")
NONE = RateLimits()


def prices() -> Prices:
    return read_prices(SHIPPED.read_text(encoding="utf-8"), str(SHIPPED))


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A table on AWS."""
    return bench(monkeypatch)


def test_an_item_takes_at_most_one_unit_more_than_its_size() -> None:
    found = estimate(1_000, 1_000 * 1_500, 0, NONE, NONE)
    assert 2_000 <= found.writes <= 2_500
    assert found.reads == 5 * 368
    assert found.copying is None


def test_each_index_is_written_to_as_well() -> None:
    assert estimate(10, 0, 2, NONE, NONE).writes == 30


def test_the_slower_of_reading_and_writing_decides_on_the_time() -> None:
    assert estimate(100, 0, 0, RateLimits(10, 10), RateLimits(10, 10)).copying == timedelta(seconds=10)
    assert estimate(1, 4096 * 99, 0, RateLimits(1, 1), RateLimits(1, 1000)).copying == timedelta(seconds=100)


def test_a_copy_that_outlasts_the_stream_is_too_long() -> None:
    hours = 3600 * 10
    assert not estimate(23 * hours, 0, 0, NONE, RateLimits(None, 10)).too_long
    assert estimate(23 * hours + 1, 0, 0, NONE, RateLimits(None, 10)).too_long


def test_the_prices_that_are_shipped_have_a_date() -> None:
    assert prices().date == "2026-10-01"
    assert estimate(1_000_000, 0, 0, NONE, NONE).price(prices().of("us-east-1")) == pytest.approx(0.625, abs=0.001)
    assert prices().of("mars-1") == prices().default


@pytest.mark.parametrize("text", ["", "date = 2026-01-01", "[default]\nwrite = 'x'", "date = [", "currency = 1"])
def test_prices_that_cannot_be_read_are_refused_with_their_file(text: str) -> None:
    with pytest.raises(SettingsError, match=r"^mine\.toml: invalid prices .* unset RECONCILER_PRICES"):
        read_prices(text, "mine.toml")


@pytest.mark.parametrize(
    ("time", "text"),
    [(5, "less than a minute"), (61, "about 1 minute"), (7000, "about 2 hours"), (3600, "about 1 hour")],
)
def test_a_time_is_told_in_round_numbers(time: int, text: str) -> None:
    assert time_text(timedelta(seconds=time)) == text


def test_time_and_price_are_told_before_anything_is_written(aws: Bench) -> None:
    work = replace(aws.work, prices=prices)
    sentence = work.prepare("fail", "").sentence
    assert "users-g2 is built beside users and gets its 7 items" in sentence
    assert "Copying takes less than a minute and at most 7 write and 10 read units, on demand 0.00 USD" in sentence
    assert "Not checked, because only a write shows it: permission for dynamodb:CreateTable" in sentence
    assert aws.sim.dynamodb.journal == []


def test_a_table_that_is_too_large_for_its_capacity_is_refused(aws: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconciler.mover.estimate.LONGEST_COPY", timedelta(0))
    with pytest.raises(UsageError, match="users cannot be copied in time"):
        aws.work.prepare("fail", "")


@pytest.mark.parametrize("operation", ["GetResourcePolicy", "ssm:GetParameter"])
def test_a_missing_permission_is_found_before_anything_is_written(
    aws: Bench, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    api = aws.sim.reconciler.ports.api
    read = api.read

    def denied(asked: str, params: Mapping[str, Any]) -> Any:
        if asked == operation:
            raise Forbidden(asked, "AccessDeniedException", "no policy allows it")
        return {} if asked.startswith("ssm:") else read(asked, params)

    monkeypatch.setattr(api, "read", denied)
    with pytest.raises(UsageError, match=rf"{operation} is not allowed \(no policy allows it\)"):
        aws.work.prepare("fail", "")
    assert aws.sim.dynamodb.journal == []


def test_a_global_table_is_refused(aws: Bench) -> None:
    aws.tables["users"].description["Replicas"] = [{"RegionName": "eu-west-1", "ReplicaStatus": "ACTIVE"}]
    with pytest.raises(UsageError, match="users has replicas in other Regions"):
        aws.work.prepare("fail", "")
