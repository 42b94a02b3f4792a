"""A clock that stands at another date, for the second evaluation of class files. Installed by ``child``.

Two evaluations follow one another within milliseconds, so a name or a seed made of today's date would be equal in both
and differ tomorrow. Year, month, weekday, hour, minute and second all differ on the shifted clock.
"""

from __future__ import annotations

import datetime
import time
from typing import Any

SHIFT = datetime.timedelta(days=400, hours=5, minutes=7, seconds=13)


def install(shift: datetime.timedelta = SHIFT) -> None:
    """Let ``time`` and ``datetime`` tell a time that is ``shift`` later, in this process."""
    seconds = shift.total_seconds()
    real_time, real_time_ns, gmtime, localtime = time.time, time.time_ns, time.gmtime, time.localtime
    ctime, strftime, asctime = time.ctime, time.strftime, time.asctime
    replaced: dict[str, Any] = {
        "time": lambda: real_time() + seconds,
        "time_ns": lambda: real_time_ns() + int(seconds) * 10**9,
        "gmtime": lambda secs=None: gmtime(time.time() if secs is None else secs),
        "localtime": lambda secs=None: localtime(time.time() if secs is None else secs),
        "ctime": lambda secs=None: ctime(time.time() if secs is None else secs),
        "strftime": lambda form, moment=None: strftime(form, time.localtime() if moment is None else moment),
        "asctime": lambda moment=None: asctime(time.localtime() if moment is None else moment),
    }
    for name, function in replaced.items():
        setattr(time, name, function)
    _shift_datetime(shift)


def _shift_datetime(shift: datetime.timedelta) -> None:
    real_date, real_datetime = datetime.date, datetime.datetime

    def kind(real: type) -> type:
        """Values that C code made are of the real type; they are instances of the shifted one too."""
        members = {
            "__instancecheck__": lambda _, value: isinstance(value, real),
            "__subclasscheck__": lambda _, other: issubclass(other, real),
        }
        return type("type", (type,), members)

    def today(cls: Any) -> Any:
        return cls.fromordinal((real_datetime.now() + shift).toordinal())

    def now(cls: Any, tz: datetime.tzinfo | None = None) -> Any:
        moment = real_datetime.now(tz) + shift
        return cls.combine(moment.date(), moment.timetz())

    def utcnow(cls: Any) -> Any:
        moment = real_datetime.now(datetime.UTC).replace(tzinfo=None) + shift
        return cls.combine(moment.date(), moment.timetz())

    whole = {"__module__": "datetime"}
    shifted_now = {"now": classmethod(now), "utcnow": classmethod(utcnow), "today": classmethod(now)}
    datetime.date = kind(real_date)("date", (real_date,), {**whole, "today": classmethod(today)})  # type: ignore[misc]
    datetime.datetime = kind(real_datetime)(  # type: ignore[misc]
        "datetime", (real_datetime,), {**whole, **shifted_now}
    )
