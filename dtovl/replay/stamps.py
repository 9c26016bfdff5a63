"""What stands before a message of a log: quote marks of mail, time stamps, priorities."""

from __future__ import annotations

import re

from dtovl.replay.stream import Clock

_MONTHS = b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_DAYS_BEFORE = (0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335)
# February has its leap day here: a stamp without a year must have room for it.

_KERNEL = rb"\[ *+[0-9]{1,12}\.[0-9]{1,9}\](?:\[[^\]\r\n]{0,32}\])?(?=[ \t\r\n]|\Z)"
_WALL = rb"\[[A-Z][a-z]{2} [A-Z][a-z]{2} +[0-9]{1,2} [0-9:]{8} [0-9]{4}\](?=[ \t\r\n]|\Z)"
_PRIORITY = rb"<[0-9]{1,3}>"
_KMSG = rb"[0-9]{1,10},[0-9]{1,20},[0-9]{1,20},[^,;\s]{0,16}+(?:,[^;\r\n]{0,256}+)?;"
# A message may itself be "two words:"; only one of those that matter is.
_SENDER = (
    rb"(?!Failed lookup:)[^\s:]{1,255}+ [^\s:\[\]]{1,64}+(?:\[[0-9]{1,10}\])?:(?=[ \t\r\n]|\Z)"
)
_JOURNALD = (
    rb"(?:" + b"|".join(_MONTHS) + rb") {1,2}[0-9]{1,2} [0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?"
    rb" " + _SENDER
)
_ISO = (
    rb"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]{1,9})?"
    rb"(?:Z|[+-][0-9]{2}:?[0-9]{2})?(?=[ \t\r\n]|\Z)(?: " + _SENDER + rb")?"
)

LEAD = (
    rb"[ \t>]*+(?:(?:"
    + b"|".join((_KERNEL, _WALL, _PRIORITY, _KMSG, _JOURNALD, _ISO))
    + rb")[ \t]*+){0,4}+"
)
"""Pattern of all that may stand before a message: quote marks, then up to four stamps.

Nothing in it is tried twice, so that a line costs its length at most, whatever is in it.
"""

_LEAD = re.compile(LEAD)
_CLOCKS = re.compile(
    rb"\[ *(?P<kernel>[0-9]{1,12}\.[0-9]{1,9})\]"
    rb"|(?P<month>[A-Z][a-z]{2}) {1,2}(?P<day>[0-9]{1,2}) "
    rb"(?P<time>[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?)(?P<year> [0-9]{4}\])?"
    rb"|(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})[T ]"
    rb"(?P<hours>[0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]{1,9})?)"
    rb"(?:Z|(?P<zone>[+-][0-9]{2}:?[0-9]{2}))?"
    rb"|[0-9]{1,10},[0-9]{1,20},(?P<usec>[0-9]{1,20}),"
)


def text_start(line: bytes) -> int:
    """Tell where the message of a line begins: after quote marks and stamps."""
    found = _LEAD.match(line)
    return found.end() if found else 0


def clock_of(lead: bytes) -> Clock | None:
    """Give the clock of a line from what stands before its message; the last one counts.

    Kernel stamp and /dev/kmsg time are one kind, in seconds since boot. A journald stamp has no
    year: seconds since New Year. An ISO stamp counts in UTC where it names its zone. None: no
    stamp, or one that is no date.
    """
    clock = None
    for found in _CLOCKS.finditer(lead):
        clock = _clock(found) or clock
    return clock


def _clock(found: re.Match[bytes]) -> Clock | None:
    """Give the clock of one stamp."""
    kernel, usec, date = found["kernel"], found["usec"], found["date"]
    if kernel:
        return Clock("kernel", float(kernel))
    if usec:
        return Clock("kernel", int(usec) / 1e6)
    if date:
        return _iso(date, found["hours"], found["zone"])
    month, year = found["month"], found["year"]
    if month not in _MONTHS:
        return None
    number = _MONTHS.index(month) + 1
    if year:
        day = b"%s-%02d-%02d" % (year[1:5], number, int(found["day"]))
        return _iso(day, found["time"], None)
    days = _DAYS_BEFORE[number - 1] + int(found["day"]) - 1
    return Clock("journald", days * 86400 + _seconds(found["time"]))


def _seconds(time: bytes) -> float:
    """Count the seconds of hh:mm:ss, with a fraction after a point or a comma."""
    hours, minutes, seconds = time.replace(b",", b".").split(b":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def _iso(date: bytes, time: bytes, zone: bytes | None) -> Clock | None:
    """Give the clock of a date and time; None where the calendar has no such day."""
    year, month, day = (int(part) for part in date.split(b"-"))
    days = _days(year, month, day)
    if days is None:
        return None
    shift = 0
    if zone:
        digits = zone[1:].replace(b":", b"")
        shift = int(digits[:2]) * 3600 + int(digits[2:]) * 60
        shift = -shift if zone.startswith(b"-") else shift
    return Clock("iso", days * 86400 + _seconds(time) - shift)


def _days(year: int, month: int, day: int) -> int | None:
    """Number the day of a date; datetime is not imported for it, as it starts slowly."""
    if not (year and 1 <= month <= 12 and 1 <= day <= 31):
        return None
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    before = year - 1
    days = before * 365 + before // 4 - before // 100 + before // 400
    return days + _DAYS_BEFORE[month - 1] - (month > 2 and not leap) + day - 1
