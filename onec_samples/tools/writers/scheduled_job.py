"""Scheduled jobs and their schedules."""

from markup import Element, flag, many
from model import ScheduledJob

from writers.parts import NAMESPACES, Dump, naming


def scheduled_job(dump: Dump, one: ScheduledJob) -> Element:
    """Predefined, so that it is found by its metadata; off until the settings switch it on (std540)."""
    properties = many(
        "Properties",
        *naming(one.name, one.synonym),
        Element("MethodName", f"CommonModule.{one.method}"),
        Element("Description", one.synonym[0]),
        Element("Key"),
        flag("Use", False),
        flag("Predefined", True),
        Element("RestartCountOnFailure", "3"),
        Element("RestartIntervalOnFailure", "10"),
    )
    return many("ScheduledJob", properties, uuid=dump.identifier(f"ScheduledJob.{one.name}"))


def schedule(dump: Dump, one: ScheduledJob) -> Element:
    """Every day; within the day every so many seconds, or once."""
    times = {
        "BeginDate": "0001-01-01",
        "EndDate": "0001-01-01",
        "BeginTime": one.at,
        "EndTime": "00:00:00",
        "CompletionTime": "00:00:00",
        "CompletionInterval": "0",
        "RepeatPeriodInDay": str(one.every),
        "RepeatPause": "0",
        "WeekDayInMonth": "0",
        "DayInMonth": "0",
        "WeeksPeriod": "1",
        "DaysRepeatPeriod": "1",
    }
    days = Element("ent:WeekDays", "1 2 3 4 5 6 7")
    months = Element("ent:Months", "1 2 3 4 5 6 7 8 9 10 11 12")
    spaces = {f"xmlns:{prefix}": NAMESPACES[prefix] for prefix in ("ent", "xs", "xsi")}
    return Element(
        "JobSchedule",
        (Element("Schedule", (days, months), times),),
        {"xmlns": "http://v8.1c.ru/8.3/xcf/extrnprops", **spaces, "version": dump.version},
    )
