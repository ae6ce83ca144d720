"""РегламентныеЗадания: predefined jobs that code switches on and off."""

from collections.abc import Callable, Mapping

from onec.run.infobase.dump import ScheduledJob, named
from onec.run.infobase.locks import Schedule
from onec.run.infobase.metadata import MetadataObject
from onec.run.infobase.surroundings import Surroundings, demand
from onec.run.objects import OnecError, PlatformObject, Value

Methods = dict[str, tuple[Callable[..., Value], int, int]]
Properties = dict[str, tuple[Callable[[], Value], Callable[[Value], None] | None]]
TABLE = "РегламентноеЗадание"
ADMINISTRATION = ("Configuration", "Administration")


def in_use(session: Surroundings, job: ScheduledJob) -> bool:
    row = session.connection.find(TABLE, (job.name,))
    return job.use if row is None else row["Использование"]


class JobsManager(PlatformObject):
    """РегламентныеЗадания: for an administrator, or in privileged mode."""

    type_name = "РегламентныеЗаданияМенеджер"

    def __init__(self, session: Surroundings, known: Mapping[str, ScheduledJob]) -> None:
        self._session = session
        self._known = known

    def methods(self) -> Methods:
        return {"НайтиПредопределенное": (self._find, 1, 1)}

    def _find(self, which: Value) -> Value:
        demand(self._session, *ADMINISTRATION)
        name = which.name if isinstance(which, MetadataObject) else which
        found = named(self._known, str(name))
        if found is None:
            raise OnecError(f"Предопределенное регламентное задание не найдено ({name})")
        return Job(self._session, found)


class Job(PlatformObject):
    type_name = "РегламентноеЗадание"

    def __init__(self, session: Surroundings, job: ScheduledJob) -> None:
        self._session = session
        self._job = job
        self._use = in_use(session, job)
        row = session.connection.find(TABLE, (job.name,))
        self._schedule: Value = row["Расписание"] if row else Schedule()

    def properties(self) -> Properties:
        return {
            "Использование": (lambda: self._use, self._switch),
            "Расписание": (lambda: self._schedule, self._plan),
        }

    def methods(self) -> Methods:
        return {"Записать": (self._write, 0, 0)}

    def _switch(self, value: Value) -> None:
        if not isinstance(value, bool):
            raise OnecError("Несоответствие типов (Использование)")
        self._use = value

    def _plan(self, value: Value) -> None:
        if not isinstance(value, Schedule):
            raise OnecError("Несоответствие типов (Расписание)")
        self._schedule = value

    def _write(self) -> None:
        demand(self._session, *ADMINISTRATION)
        kept = {"Использование": self._use, "Расписание": self._schedule}
        self._session.connection.put(TABLE, (self._job.name,), kept, values={"Имя": self._job.name})
