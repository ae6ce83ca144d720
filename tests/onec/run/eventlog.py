"""The event log of an infobase: what modules write to it."""

from dataclasses import dataclass, field

from onec.run.objects import Value


@dataclass(frozen=True, kw_only=True)
class Record:
    """One line; `level`: Ошибка, Предупреждение, Информация, Примечание."""

    event: str
    level: str
    comment: str
    metadata: Value = None
    data: Value = None


@dataclass
class EventLog:
    records: list[Record] = field(default_factory=list)

    def write(self, record: Record) -> None:
        self.records.append(record)

    def errors(self) -> list[Record]:
        return [one for one in self.records if one.level == "Ошибка"]
