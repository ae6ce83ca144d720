"""The objects of our extensions and of the external data processor."""

from forms import CARD, DIALLER, PROCESSOR_FORM, SETTINGS
from model import (
    BOOLEAN,
    DATE,
    STORAGE,
    AdoptedModule,
    Command,
    CommonModule,
    Constant,
    Extension,
    ExternalProcessor,
    Field,
    Operation,
    Register,
    Role,
    ScheduledJob,
    Subsystem,
    Text,
    Type,
    WebService,
    number,
    string,
)

VERSION = "1.0.0"


def _field(name: str, type_: Type, russian: str, english: str, *, indexed: bool = False) -> Field:
    return Field(name=name, type=type_, synonym=(russian, english), indexed=indexed)


def _constant(name: str, type_: Type, russian: str, english: str, tooltip: Text | None = None) -> Constant:
    return Constant(name=name, type=type_, synonym=(russian, english), tooltip=tooltip)


CONSTANTS = (
    _constant(
        "МВ_АдресМоста",
        string(250),
        "Адрес моста",
        "Address of the bridge",
        ("Адрес, по которому 1С видит мост, без /ws", "Where 1C reaches the bridge, without /ws"),
    ),
    _constant(
        "МВ_ИмяПользователяМоста",
        string(64),
        "Имя базы в мосте",
        "Name of this infobase at the bridge",
        ("Имя из раздела [infobase.имя] файла bridge.toml", "The name in [infobase.name] of bridge.toml"),
    ),
    _constant(
        "МВ_ТаймаутВызова",
        number(3),
        "Таймаут вызова, секунд",
        "Timeout of a call, seconds",
        ("От 5 до 180; 0 — 20 секунд", "From 5 to 180; 0 means 20 seconds"),
    ),
    _constant(
        "МВ_ТаймаутОписания",
        number(2),
        "Таймаут описания сервиса, секунд",
        "Timeout of the description, seconds",
        ("От 3 до 30; 0 — 7 секунд", "From 3 to 30; 0 means 7 seconds"),
    ),
    _constant(
        "МВ_ЗабиратьСобытия",
        BOOLEAN,
        "Забирать события из моста",
        "Take the events from the bridge",
        (
            "Включите, если база не опубликована и мост не может обратиться к ней сам",
            "For an infobase that is not published",
        ),
    ),
    _constant("МВ_НомерСобытия", number(18), "Номер последнего события", "Number of the last event"),
    _constant("МВ_ЗаборНеРаньше", DATE, "Не забирать события раньше", "Do not take events before"),
    _constant("МВ_ПоказыватьКарточки", BOOLEAN, "Показывать входящие звонки", "Show incoming calls"),
    _constant(
        "МВ_ПериодПоказа",
        number(3),
        "Проверять звонки каждые, секунд",
        "Look for calls every, seconds",
        ("От 3 до 600; 0 — 5 секунд", "From 3 to 600; 0 means 5 seconds"),
    ),
    _constant(
        "МВ_ДнейХранения",
        number(4),
        "Хранить звонки, дней",
        "Keep calls, days",
        ("0 — хранить всегда", "0 means for ever"),
    ),
)

REGISTERS = (
    Register(
        name="МВ_Звонки",
        synonym=("Звонки", "Calls"),
        commands=True,
        dimensions=(_field("ИдЗвонка", string(100), "Ид звонка", "Call id"),),
        resources=(
            _field("Начало", DATE, "Начало", "Start", indexed=True),
            _field("Направление", string(20), "Направление", "Direction"),
            _field("Откуда", string(32), "Откуда", "From"),
            _field("Куда", string(32), "Куда", "To"),
            _field("Абонент", string(100), "Абонент", "Subscriber"),
            _field("Состояние", string(20), "Состояние", "State"),
            _field("Итог", string(20), "Итог", "Outcome"),
            _field("Длительность", number(8), "Длительность, секунд", "Duration, seconds"),
            _field("Запись", string(500), "Запись разговора", "Recording"),
            _field("Собеседник", string(150), "Собеседник", "Other party"),
            _field("ВремяСобытия", DATE, "Время события", "Time of the event"),
            _field("Ранг", number(2), "Ранг состояния", "Rank of the state"),
        ),
    ),
    Register(
        name="МВ_События",
        synonym=("Принятые события", "Events received"),
        commands=False,
        dimensions=(_field("ИдСобытия", string(100), "Ид события", "Event id"),),
        resources=(
            _field("ИдЗвонка", string(100), "Ид звонка", "Call id"),
            _field("Состояние", string(20), "Состояние", "State"),
            _field("Получено", DATE, "Получено", "Received", indexed=True),
        ),
    ),
    Register(
        name="МВ_Карточки",
        synonym=("Карточки входящих звонков", "Cards of incoming calls"),
        commands=False,
        dimensions=(_field("ИдКарточки", string(150), "Ид карточки", "Card id"),),
        resources=(
            _field("ИдЗвонка", string(100), "Ид звонка", "Call id", indexed=True),
            _field("Номер", string(32), "Номер", "Number"),
            _field("Собеседник", string(150), "Собеседник", "Other party"),
            _field("Ссылка", string(250), "Ссылка на клиента", "Link to the client"),
            _field("КлючАбонента", string(100), "Ключ абонента", "Key of the subscriber"),
            _field("Куда", string(32), "Куда", "To"),
            _field("Появилась", DATE, "Появилась", "Appeared", indexed=True),
            _field("Завершена", BOOLEAN, "Завершена", "Finished"),
        ),
    ),
    Register(
        name="МВ_ПоказанныеКарточки",
        synonym=("Показанные карточки", "Cards shown"),
        commands=False,
        dimensions=(
            _field("ИдКарточки", string(150), "Ид карточки", "Card id"),
            _field("Пользователь", string(255), "Пользователь", "User", indexed=True),
        ),
        resources=(_field("Показана", DATE, "Показана", "Shown", indexed=True),),
    ),
    Register(
        name="МВ_Абоненты",
        synonym=("Абоненты моста", "Subscribers of the bridge"),
        commands=True,
        dimensions=(_field("Пользователь", string(255), "Пользователь (имя для входа)", "User (login)"),),
        resources=(
            _field("Абонент", string(100), "Абонент", "Subscriber"),
            _field("Добавочный", string(20), "Внутренний номер", "Extension"),
            _field("КлючВАТС", string(100), "Ключ в ВАТС", "Key at the exchange"),
            _field("ВсеЗвонки", BOOLEAN, "Показывать все звонки", "Show all calls"),
        ),
    ),
    Register(
        name="МВ_Контакты",
        synonym=("Контакты", "Contacts"),
        commands=True,
        dimensions=(
            _field("Телефон", string(20), "Телефон (последние 10 цифр)", "Telephone (last 10 digits)"),
        ),
        resources=(
            _field("Наименование", string(150), "Наименование", "Name"),
            _field("Категория", string(50), "Категория", "Category"),
            _field("ТелефонОтветственного", string(20), "Телефон ответственного", "Telephone of the manager"),
            _field("ИНН", string(12), "ИНН", "Tax number", indexed=True),
        ),
    ),
    Register(
        name="МВ_Секреты",
        synonym=("Секреты", "Secrets"),
        commands=False,
        dimensions=(_field("Имя", string(50), "Имя", "Name"),),
        resources=(_field("Значение", STORAGE, "Значение", "Value"),),
    ),
)

COMMON_MODULES = (
    CommonModule(name="МВ_Звонки", runs="server", synonym=("Звонки", "Calls")),
    CommonModule(name="МВ_Карточки", runs="server", synonym=("Карточки звонков", "Cards of calls")),
    CommonModule(name="МВ_Мост", runs="server", synonym=("Мост ВАТС", "PBX bridge")),
    CommonModule(
        name="МВ_МостВызовСервера",
        runs="server call",
        synonym=("Мост ВАТС: вызов сервера", "PBX bridge: server call"),
    ),
    CommonModule(
        name="МВ_МостГлобальный",
        runs="client, global",
        synonym=("Мост ВАТС: глобальный", "PBX bridge: global"),
    ),
    CommonModule(name="МВ_МостКлиент", runs="client", synonym=("Мост ВАТС: клиент", "PBX bridge: client")),
    CommonModule(
        name="МВ_МостПереопределяемый",
        runs="server",
        synonym=("Мост ВАТС: переопределяемый", "PBX bridge: to be overridden"),
    ),
    CommonModule(
        name="МВ_ПараметрыМоста",
        runs="server",
        synonym=("Параметры моста ВАТС", "Settings of the PBX bridge"),
    ),
    CommonModule(name="МВ_ПоискКонтактов", runs="server", synonym=("Поиск контактов", "Search of contacts")),
    CommonModule(
        name="МВ_РазборСобытий", runs="server", synonym=("Разбор событий звонков", "Reading of call events")
    ),
)

WEB_SERVICE = WebService(
    name="VATS",
    synonym=("Звонки для моста ВАТС", "Calls for the PBX bridge"),
    namespace="http://VATS",
    session_age=60,
    operations=(
        Operation(
            name="IncomingCall", synonym=("Входящий звонок", "Incoming call"), parameters=("NumFrom", "Key")
        ),
        Operation(name="SayName", synonym=("Имя по номеру", "Name by number"), parameters=("Number",)),
        Operation(name="Event", synonym=("Событие звонка", "Event of a call"), parameters=("Data",)),
        Operation(name="SayNameByINN", synonym=("Имя по ИНН", "Name by tax number"), parameters=("INN",)),
    ),
)

COMMANDS = (
    Command(
        name="МВ_Настройки",
        synonym=("Настройки моста", "Bridge settings"),
        tooltip=(
            "Адрес моста, пароль, абонент пользователя",
            "Address and password of the bridge, the user's subscriber",
        ),
    ),
    Command(
        name="МВ_Позвонить",
        synonym=("Позвонить", "Call"),
        tooltip=("Набрать номер: сначала зазвонит ваш телефон", "Dial a number: your telephone rings first"),
    ),
    Command(
        name="МВ_ПоказыватьЗвонки",
        synonym=("Показывать входящие звонки", "Show incoming calls"),
        tooltip=(
            "Начать показ карточек звонков в этом сеансе",
            "Start to show cards of calls in this session",
        ),
    ),
)

JOBS = (
    ScheduledJob(
        name="МВ_ЗаборСобытий",
        synonym=("Мост ВАТС: забор событий", "PBX bridge: taking of events"),
        method="МВ_Мост.ЗаборСобытийПоРасписанию",
        every=60,
    ),
    ScheduledJob(
        name="МВ_УдалениеУстаревших",
        synonym=("Мост ВАТС: удаление устаревших звонков", "PBX bridge: removal of old calls"),
        method="МВ_Звонки.УдалениеУстаревшихПоРасписанию",
        at="03:30:00",
    ),
)

STATE = ("МВ_НомерСобытия", "МВ_ЗаборНеРаньше")
"""Constants that the modules keep for themselves, in privileged mode: in no role, in no form."""

READ = ("Read", "View")
WRITE = ("Read", "Update", "View", "Edit")

USER = Role(
    name="МВ_ИспользованиеМоста",
    synonym=("Мост ВАТС: использование", "PBX bridge: use"),
    rights={
        "Subsystem.МВ_МостВАТС": ("View",),
        "CommonCommand.МВ_Позвонить": ("View",),
        "CommonCommand.МВ_ПоказыватьЗвонки": ("View",),
        "CommonForm.МВ_НаборНомера": ("View",),
        "CommonForm.МВ_ВходящийЗвонок": ("View",),
        "InformationRegister.МВ_Звонки": READ,
        "InformationRegister.МВ_Контакты": READ,
    },
)

ADMINISTRATOR = Role(
    name="МВ_НастройкаМоста",
    synonym=("Мост ВАТС: настройка", "PBX bridge: settings"),
    rights={
        "Subsystem.МВ_МостВАТС": ("View",),
        "CommonCommand.МВ_Настройки": ("View",),
        "CommonForm.МВ_Настройки": ("View",),
        **{f"Constant.{one.name}": WRITE for one in CONSTANTS if one.name not in STATE},
        "InformationRegister.МВ_Звонки": READ,
        "InformationRegister.МВ_Абоненты": WRITE,
        "InformationRegister.МВ_Контакты": WRITE,
    },
)

EXCHANGE = Role(
    name="МВ_ОбменСМостом",
    synonym=("Мост ВАТС: обмен (для пользователя моста)", "PBX bridge: exchange (for the bridge's user)"),
    rights={f"WebService.VATS.Operation.{one.name}": ("Use",) for one in WEB_SERVICE.operations},
)

FULL = Role(
    name="МВ_ПолныеПрава",
    synonym=("Мост ВАТС: полные права", "PBX bridge: full rights"),
    rights={**USER.rights, **ADMINISTRATOR.rights},
)
"""БСП takes other roles from administrators, and gives them those of extensions that end so (std488)."""

SUBSYSTEM = Subsystem(
    name="МВ_МостВАТС",
    synonym=("Мост ВАТС", "PBX bridge"),
    explanation=(
        "Звонки через облачную АТС: набор номера, карточки и журнал",
        "Calls through the cloud exchange: dialling, cards and journal",
    ),
    content=(
        *(f"CommonCommand.{one.name}" for one in COMMANDS),
        *(f"InformationRegister.{one.name}" for one in REGISTERS if one.commands),
    ),
)

EXTENSION = Extension(
    name="МостВАТС",
    synonym=("Мост ВАТС — 1С", "PBX bridge — 1C"),
    prefix="МВ_",
    version=VERSION,
    information=(
        "Звонки через облачную АТС: набор номера, карточка входящего звонка, журнал",
        "Calls through a cloud exchange: dialling, the card of an incoming call, the journal",
    ),
    common_modules=COMMON_MODULES,
    constants=CONSTANTS,
    registers=REGISTERS,
    web_services=(WEB_SERVICE,),
    commands=COMMANDS,
    forms=(CARD, DIALLER, SETTINGS),
    jobs=JOBS,
    roles=(USER, ADMINISTRATOR, EXCHANGE, FULL),
    subsystems=(SUBSYSTEM,),
)

EXTENSION_BSP = Extension(
    name="МостВАТСдляБСП",
    synonym=("Мост ВАТС для БСП", "PBX bridge for the subsystems library"),
    prefix="МВБ_",
    version=VERSION,
    information=(
        "Телефоны в контактной информации БСП набирает мост; нужно расширение МостВАТС",
        "Telephones of contact information are dialled by the bridge; needs the extension МостВАТС",
    ),
    adopted_modules=(AdoptedModule(name="УправлениеКонтактнойИнформациейКлиент", runs="client"),),
)

PROCESSOR = ExternalProcessor(
    name="МВ_НаборНомера",
    synonym=("Набор номера через мост ВАТС", "Dialling through the PBX bridge"),
    form=PROCESSOR_FORM,
)
