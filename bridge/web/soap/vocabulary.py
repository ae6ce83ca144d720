"""The words of the contract, in both languages: one implementation speaks either.

`wsdl/telephony.wsdl` and `wsdl/telephony_ru.wsdl` are the published contracts; a test holds these
tables against them. A published contract never changes, because 1C caches it (БСП: 24 hours, a
WS-ссылка: for ever): what is new gets a new name.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

STRING, INT, LONG, BOOLEAN, DATE_TIME, DATE = "string", "int", "long", "boolean", "dateTime", "date"

# complex types: member -> XSD type, "Name" a complex type, "*Name" any number of them
TYPES: Mapping[str, Mapping[str, str]] = {
    "CallResult": {"Result": STRING, "Message": STRING, "Code": INT, "CallId": STRING},
    "Call": {
        "CallId": STRING,
        "Start": DATE_TIME,
        "Direction": STRING,
        "From": STRING,
        "To": STRING,
        "Duration": INT,  # seconds
        "Status": STRING,
        "RecordUrl": STRING,
    },
    "CallList": {"Call": "*Call"},
    "Event": {
        "Id": LONG,
        "Time": DATE_TIME,
        "State": STRING,
        "Direction": STRING,
        "CallId": STRING,
        "From": STRING,
        "To": STRING,
        "UserKey": STRING,
        "Data": STRING,
    },
    "EventList": {"LastId": LONG, "More": BOOLEAN, "Event": "*Event"},
    "Subscriber": {"Name": STRING, "Extension": STRING, "Key": STRING},
    "SubscriberList": {"Subscriber": "*Subscriber"},
}


@dataclass(frozen=True, kw_only=True)
class Operation:
    name: str
    parameters: Mapping[str, str]
    returns: str


OPERATIONS: tuple[Operation, ...] = (
    Operation(name="Ping", parameters={}, returns=STRING),
    Operation(name="MakeCall", parameters={"Key": STRING, "Number": STRING}, returns="CallResult"),
    Operation(name="GetCallInfo", parameters={"Key": STRING, "CallId": STRING}, returns="Call"),
    Operation(name="GetCallJournal", parameters={"Key": STRING, "Date": DATE}, returns="CallList"),
    Operation(
        name="PollEvents",
        parameters={"Key": STRING, "AfterId": LONG, "WaitSeconds": INT},
        returns="EventList",
    ),
    Operation(name="GetSubscribers", parameters={}, returns="SubscriberList"),
)


@dataclass(frozen=True, kw_only=True)
class Language:
    """A published service: its names, and how it calls everything the tables above call in English.

    A member may be called differently in different types (`Id` of an event, `Number` of a
    telephone): such a word is keyed "Type.Member".
    """

    service: str
    namespace: str
    wsdl: str  # file under wsdl/
    words: Mapping[str, str] = field(default_factory=dict)

    def word(self, name: str, owner: str = "") -> str:
        return self.words.get(f"{owner}.{name}") or self.words.get(name, name)

    @property
    def path(self) -> str:
        return f"/ws/{self.service}"


ENGLISH = Language(
    service="Telephony",
    namespace="http://vpbx-bridge.ru/telephony/1",
    wsdl="telephony.wsdl",
)
RUSSIAN = Language(
    service="TelephonyRu",
    namespace="http://vpbx-bridge.ru/telephony/1/ru",
    wsdl="telephony_ru.wsdl",
    words={
        # operations
        "Ping": "Проверить",
        "MakeCall": "Позвонить",
        "GetCallInfo": "ПолучитьЗвонок",
        "GetCallJournal": "ПолучитьЖурнал",
        "PollEvents": "ПолучитьСобытия",
        "GetSubscribers": "ПолучитьАбонентов",
        # parameters and members
        "Key": "Ключ",
        "Number": "Номер",
        "CallId": "ИдЗвонка",
        "Date": "Дата",
        "AfterId": "ПослеНомера",
        "WaitSeconds": "ЖдатьСекунд",
        "Result": "Результат",
        "Message": "Сообщение",
        "Code": "Код",
        "Start": "Начало",
        "Direction": "Направление",
        "From": "Откуда",
        "To": "Куда",
        "Duration": "Длительность",
        "Status": "Состояние",
        "RecordUrl": "СсылкаНаЗапись",
        "Id": "НомерСобытия",
        "Time": "Время",
        "State": "Состояние",
        "UserKey": "КлючАбонента",
        "Data": "Данные",
        "LastId": "ПоследнийНомер",
        "More": "ЕстьЕще",
        "Name": "Имя",
        "Extension": "ВнутреннийНомер",
        # types, and the members that repeat them
        "CallResult": "РезультатЗвонка",
        "Call": "Звонок",
        "CallList": "СписокЗвонков",
        "Event": "Событие",
        "EventList": "СписокСобытий",
        "Subscriber": "Абонент",
        "SubscriberList": "СписокАбонентов",
    },
)
LANGUAGES = (ENGLISH, RUSSIAN)
