"""Freeze windows: a five-field cron expression that starts one, a duration, a time zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mlops.config import Freeze, seconds
from mlops.errors import Refused, Stop

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


@dataclass(frozen=True)
class Cron:
    """When an expression fires. Restricted days of month and of week are alternatives, as in every cron."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]  # 0 is Sunday
    either: bool

    def on(self, day: date) -> bool:
        """Tell whether it fires on a day."""
        if day.month not in self.months:
            return False
        by_date, by_weekday = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return by_date or by_weekday if self.either else by_date and by_weekday


def parse(expression: str) -> Cron:
    """Read minute, hour, day of month, month, day of week: numbers, names, ranges, steps and lists."""
    fields = expression.split()
    if len(fields) != 5:
        raise Stop(f"cron {expression!r} has {len(fields)} fields; it must have 5")
    try:
        minutes, hours = _field(fields[0], 0, 59), _field(fields[1], 0, 23)
        days, months = _field(fields[2], 1, 31), _field(fields[3], 1, 12, _MONTHS)
        weekdays = frozenset(day % 7 for day in _field(fields[4], 0, 7, _DAYS))
    except ValueError as fault:
        raise Stop(f"cron {expression!r}: {fault}") from None
    return Cron(minutes, hours, days, months, weekdays, fields[2][0] != "*" and fields[4][0] != "*")


def frozen_until(window: Freeze, now: datetime) -> datetime | None:
    """Give the end of the window that ``now`` (with a time zone) lies in, in the window's zone; else None.

    The latest end counts. A start that daylight saving skips or repeats counts once, at its first reading.
    """
    cron, zone = parse(window.cron), _zone(window.timezone)
    length = timedelta(seconds=seconds(window.duration))
    now = now.astimezone(UTC)
    day = now.astimezone(zone).date()
    first = (now - length).astimezone(zone).date() - timedelta(days=1)
    while day >= first:
        if cron.on(day):
            for hour in sorted(cron.hours, reverse=True):
                for minute in sorted(cron.minutes, reverse=True):
                    start = datetime.combine(day, time(hour, minute), zone).astimezone(UTC)
                    if start <= now:
                        return (start + length).astimezone(zone) if now < start + length else None
        day -= timedelta(days=1)
    return None


def check(windows: tuple[Freeze, ...], environment: str, now: datetime) -> None:
    """Refuse while a window is open."""
    for window in windows:
        until = frozen_until(window, now)
        if until is not None:
            raise Refused(
                f"{environment} is frozen until {until:%Y-%m-%d %H:%M} {window.timezone}"
                f" (from {window.cron!r} for {window.duration}): promote after that"
            )


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Stop(f"time zone {name!r} is not known on this machine: install the Python package tzdata") from None


def _field(text: str, low: int, high: int, names: tuple[str, ...] = ()) -> frozenset[int]:
    def number(word: str) -> int:
        if word.lower() in names:
            return names.index(word.lower()) + low
        if not word.isascii() or not word.isdigit() or not low <= int(word) <= high:
            raise ValueError(f"{word!r} must be a number from {low} to {high}")
        return int(word)

    found: set[int] = set()
    for part in text.split(","):
        span, slash, step = part.partition("/")
        first, dash, last = span.partition("-")
        if slash and not (step.isascii() and step.isdigit() and int(step) and (dash or span == "*")):
            raise ValueError(f"{part!r} is not a range or * with a step")
        start, stop = (low, high) if span == "*" else (number(first), number(last if dash else first))
        if start > stop:
            raise ValueError(f"the range {span} goes backwards")
        found.update(range(start, stop + 1, int(step) if slash else 1))
    return frozenset(found)
