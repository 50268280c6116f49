"""Freeze windows: cron, duration, time zones with daylight saving."""

from datetime import UTC, date, datetime

import pytest

from mlops.config import Freeze, seconds
from mlops.errors import Refused, Stop
from mlops.freeze import check, frozen_until, parse

WEEKEND = Freeze("0 18 * * 5", "62h", "Europe/Paris")  # Friday 18:00 until Monday 08:00


def at(text):
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("now", "frozen"),
    [
        ("2026-01-09T17:59:59+01:00", False),
        ("2026-01-09T18:00:00+01:00", True),
        ("2026-01-11T12:00:00+01:00", True),
        ("2026-01-12T07:59:59+01:00", True),
        ("2026-01-12T08:00:00+01:00", False),
        ("2026-01-09T17:00:00+00:00", True),
        ("2026-07-10T16:00:00+00:00", True),
        ("2026-07-10T15:59:00+00:00", False),
        ("2026-01-07T12:00:00+01:00", False),
    ],
)
def test_a_weekend(now, frozen):
    assert (frozen_until(WEEKEND, at(now)) is not None) is frozen


def test_the_sentence_says_until_when():
    with pytest.raises(Refused, match="production is frozen until 2026-01-12 08:00 Europe/Paris"):
        check((WEEKEND,), "production", at("2026-01-10T00:00:00+00:00"))
    check((WEEKEND,), "production", at("2026-01-14T00:00:00+00:00"))
    check((), "production", at("2026-01-10T00:00:00+00:00"))


def test_a_duration_is_elapsed_time_across_daylight_saving():
    # Paris skips 02:00 to 03:00 on 29 March 2026: 62 hours after Friday 18:00 is Monday 09:00 there.
    assert frozen_until(WEEKEND, at("2026-03-30T08:30:00+02:00")) == at("2026-03-30T09:00:00+02:00")
    assert frozen_until(WEEKEND, at("2026-03-30T09:00:00+02:00")) is None


def test_a_start_that_daylight_saving_skips_still_counts():
    window = Freeze("30 2 * * *", "30m", "Europe/Paris")
    assert frozen_until(window, at("2026-03-29T01:45:00+00:00")) is not None
    assert frozen_until(window, at("2026-03-29T02:15:00+00:00")) is None


def test_a_long_window_across_a_year():
    window = Freeze("0 0 20 12 *", "18d")
    assert frozen_until(window, at("2027-01-06T23:00:00+00:00")) == at("2027-01-07T00:00:00+00:00")
    assert frozen_until(window, at("2027-01-07T00:00:00+00:00")) is None


def test_windows_that_overlap():
    window = Freeze("0 */6 * * *", "12h")
    assert frozen_until(window, at("2026-01-01T13:00:00+00:00")) == at("2026-01-02T00:00:00+00:00")


def test_a_date_that_never_comes():
    assert frozen_until(Freeze("0 0 30 2 *", "24h"), at("2026-03-01T12:00:00+00:00")) is None


@pytest.mark.parametrize(
    ("expression", "day", "fires"),
    [
        ("0 0 * * 0", date(2026, 1, 4), True),
        ("0 0 * * 7", date(2026, 1, 4), True),
        ("0 0 * * sun", date(2026, 1, 4), True),
        ("0 0 * * MON-FRI", date(2026, 1, 4), False),
        ("0 0 * * 5-7", date(2026, 1, 4), True),
        ("0 0 * jan *", date(2026, 1, 4), True),
        ("0 0 * 2-12 *", date(2026, 1, 4), False),
        ("0 0 1,15 * *", date(2026, 1, 15), True),
        ("0 0 1-31/2 * *", date(2026, 1, 15), True),
        ("0 0 13 * 5", date(2026, 1, 9), True),  # either the 13th or a Friday
        ("0 0 13 * 5", date(2026, 1, 13), True),
        ("0 0 13 * 5", date(2026, 1, 14), False),
        ("0 0 13 * *", date(2026, 1, 9), False),
        ("0 0 */2 * 5", date(2026, 1, 9), True),  # a star is no restriction: both must hold
        ("0 0 */2 * 5", date(2026, 1, 16), False),
        ("0 0 29 2 *", date(2028, 2, 29), True),
    ],
)
def test_days(expression, day, fires):
    assert parse(expression).on(day) is fires


def test_times():
    cron = parse("*/15 8-10,22 * * *")
    assert sorted(cron.minutes) == [0, 15, 30, 45]
    assert sorted(cron.hours) == [8, 9, 10, 22]


@pytest.mark.parametrize(
    "expression",
    ["", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * 32 * *", "* * * 13 *", "* * * * 8",
     "5/2 * * * *", "*/0 * * * *", "5-1 * * * *", "a * * * *", "@daily", "-1 * * * *", "1,,2 * * * *", "² * * * *"],
)  # fmt: skip
def test_what_is_no_cron(expression):
    with pytest.raises(Stop, match="cron"):
        parse(expression)


def test_an_unknown_zone():
    with pytest.raises(Stop, match="Europe/Nowhere"):
        frozen_until(Freeze("0 0 * * *", "1h", "Europe/Nowhere"), datetime.now(UTC))


@pytest.mark.parametrize(
    ("text", "length"), [("90s", 90), ("10m", 600), ("1h30m", 5400), ("62h", 223200), ("30d", 2592000), ("2w", 1209600)]
)
def test_durations(text, length):
    assert seconds(text) == length


@pytest.mark.parametrize("text", ["", "10", "h", "1y", "-1h", "1.5h", "1h "])
def test_what_is_no_duration(text):
    with pytest.raises(Stop, match="is not a duration"):
        seconds(text)
