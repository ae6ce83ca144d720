"""The forms of our extension and of the external data processor."""

from model import (
    BOOLEAN,
    DATE,
    Button,
    Check,
    Form,
    FormAttribute,
    FormCommand,
    FormParameter,
    Group,
    Input,
    Label,
    Message,
    Note,
    config,
    string,
)

SETTINGS = Form(
    name="МВ_Настройки",
    synonym=("Настройки моста ВАТС", "Settings of the PBX bridge"),
    events={
        "OnCreateAtServer": "ПриСозданииНаСервере",
        "BeforeWriteAtServer": "ПередЗаписьюНаСервере",
        "OnWriteAtServer": "ПриЗаписиНаСервере",
        "AfterWriteAtServer": "ПослеЗаписиНаСервере",
    },
    attributes=(
        FormAttribute(name="НаборКонстант", type=config("ConstantsSet"), main=True, saved=True),
        FormAttribute(name="ПарольМоста", type=string(100), title=("Пароль", "Password"), saved=True),
        FormAttribute(name="Абонент", type=string(100), title=("Абонент", "Subscriber"), saved=True),
        FormAttribute(
            name="Добавочный", type=string(20), title=("Внутренний номер", "Extension"), saved=True
        ),
        FormAttribute(
            name="КлючВАТС", type=string(100), title=("Ключ в ВАТС", "Key at the exchange"), saved=True
        ),
        FormAttribute(
            name="ВсеЗвонки",
            type=BOOLEAN,
            title=("Показывать мне все звонки", "Show me all calls"),
            saved=True,
        ),
        FormAttribute(
            name="РезультатПроверки", type=string(), title=("Результат проверки", "Result of the check")
        ),
        FormAttribute(name="ПредупреждениеРасписания", type=string()),
    ),
    commands=(
        FormCommand(
            name="ЗаписатьИЗакрыть",
            title=("Записать и закрыть", "Save and close"),
            tooltip=("Записать настройки и закрыть форму", "Save the settings and close the form"),
        ),
        FormCommand(
            name="ПроверитьСвязь",
            title=("Проверить связь", "Check the connection"),
            tooltip=(
                "Записать настройки и спросить мост, отвечает ли он",
                "Save the settings and ask the bridge whether it answers",
            ),
        ),
        FormCommand(
            name="ВыбратьАбонента",
            title=("Выбрать из моста", "Choose from the bridge"),
            tooltip=("Показать абонентов, которых знает мост", "Show the subscribers known to the bridge"),
        ),
    ),
    bar=(Button(command="ЗаписатьИЗакрыть", default=True), Button(command="ПроверитьСвязь")),
    items=(
        Group(
            name="ГруппаМост",
            title=("Мост", "Bridge"),
            items=(
                Input(
                    path="НаборКонстант.МВ_АдресМоста",
                    hint=("Без /ws в конце", "Without /ws at the end"),
                ),
                Input(path="НаборКонстант.МВ_ИмяПользователяМоста"),
                Input(path="ПарольМоста", password=True),
                Message(path="РезультатПроверки"),
            ),
        ),
        Group(
            name="ГруппаСотрудник",
            title=("Мой телефон", "My telephone"),
            items=(
                Group(
                    name="ГруппаАбонент",
                    items=(Input(path="Абонент"), Button(command="ВыбратьАбонента")),
                ),
                Input(path="Добавочный"),
                Input(path="КлючВАТС"),
                Check(path="ВсеЗвонки"),
            ),
        ),
        Group(
            name="ГруппаЗвонки",
            title=("Входящие звонки", "Incoming calls"),
            items=(
                Check(path="НаборКонстант.МВ_ПоказыватьКарточки"),
                Input(path="НаборКонстант.МВ_ПериодПоказа"),
                Check(path="НаборКонстант.МВ_ЗабиратьСобытия"),
                Note(
                    name="ПояснениеЗабора",
                    text=(
                        "Забирать события нужно базе, которая не опубликована на веб-сервере.",
                        "Needed by an infobase that is not published on a web server.",
                    ),
                ),
                Input(path="НаборКонстант.МВ_ДнейХранения"),
            ),
        ),
        Group(
            name="ГруппаОжидание",
            title=("Ожидание ответа", "Waiting for an answer"),
            items=(
                Input(path="НаборКонстант.МВ_ТаймаутВызова"),
                Input(path="НаборКонстант.МВ_ТаймаутОписания"),
            ),
        ),
    ),
)

DIAL = FormCommand(
    name="Позвонить",
    title=("Позвонить", "Call"),
    tooltip=("Набрать номер: сначала зазвонит ваш телефон", "Dial: your telephone rings first"),
)

DIALLER = Form(
    name="МВ_НаборНомера",
    synonym=("Набор номера", "Dialling"),
    events={"OnCreateAtServer": "ПриСозданииНаСервере"},
    attributes=(
        FormAttribute(name="Номер", type=string(32), title=("Номер телефона", "Telephone number")),
        FormAttribute(name="Результат", type=string(), title=("Результат", "Result")),
    ),
    parameters=(FormParameter(name="Номер", type=string(32), key=True),),
    commands=(DIAL,),
    items=(
        Group(name="ГруппаНомер", items=(Input(path="Номер"), Button(command="Позвонить", default=True))),
        Message(path="Результат"),
    ),
)

CARD = Form(
    name="МВ_ВходящийЗвонок",
    synonym=("Входящий звонок", "Incoming call"),
    events={"OnCreateAtServer": "ПриСозданииНаСервере", "NotificationProcessing": "ОбработкаОповещения"},
    attributes=(
        FormAttribute(name="Номер", type=string(32), title=("Номер", "Number")),
        FormAttribute(name="Собеседник", type=string(150), title=("Звонит", "Caller")),
        FormAttribute(name="Время", type=DATE, title=("Время", "Time")),
        FormAttribute(name="Состояние", type=string(150), title=("Состояние", "State")),
        FormAttribute(name="Ссылка", type=string(250)),
        FormAttribute(name="ИдКарточки", type=string(150)),
    ),
    parameters=(
        FormParameter(name="ИдКарточки", type=string(150), key=True),
        FormParameter(name="Номер", type=string(32)),
        FormParameter(name="Собеседник", type=string(150)),
        FormParameter(name="Появилась", type=DATE),
        FormParameter(name="Ссылка", type=string(250)),
    ),
    commands=(
        FormCommand(
            name="ОткрытьКлиента",
            title=("Открыть клиента", "Open the client"),
            tooltip=("Открыть карточку того, кто звонит", "Open the record of the caller"),
        ),
        FormCommand(
            name="Перезвонить",
            title=("Перезвонить", "Call back"),
            tooltip=("Набрать этот номер через мост", "Dial this number through the bridge"),
        ),
        FormCommand(
            name="Закрыть",
            title=("Закрыть", "Close"),
            tooltip=("Закрыть карточку", "Close the card"),
        ),
    ),
    items=(
        Label(path="Собеседник"),
        Label(path="Номер"),
        Label(path="Время"),
        Label(path="Состояние"),
        Group(
            name="ГруппаКнопки",
            items=(
                Button(command="ОткрытьКлиента", default=True),
                Button(command="Закрыть"),
                Button(command="Перезвонить"),
            ),
        ),
    ),
)

PROCESSOR_FORM = Form(
    name="Форма",
    synonym=("Набор номера", "Dialling"),
    events={"OnCreateAtServer": "ПриСозданииНаСервере"},
    attributes=(
        FormAttribute(name="Объект", type=config("ExternalDataProcessorObject.МВ_НаборНомера"), main=True),
        FormAttribute(name="Номер", type=string(32), title=("Номер телефона", "Telephone number")),
        FormAttribute(name="Результат", type=string(), title=("Результат", "Result")),
        FormAttribute(name="АдресМоста", type=string(250), title=("Адрес моста", "Address of the bridge")),
        FormAttribute(
            name="ИмяПользователяМоста",
            type=string(64),
            title=("Имя базы в мосте", "Name of this infobase at the bridge"),
        ),
        FormAttribute(name="ПарольМоста", type=string(100), title=("Пароль", "Password")),
        FormAttribute(name="Абонент", type=string(100), title=("Абонент", "Subscriber")),
    ),
    commands=(
        DIAL,
        FormCommand(
            name="ЗаписатьНастройки",
            title=("Записать настройки", "Save the settings"),
            tooltip=(
                "Записать адрес, имя, пароль и абонента",
                "Save the address, the name, the password and the subscriber",
            ),
        ),
    ),
    items=(
        Group(name="ГруппаНомер", items=(Input(path="Номер"), Button(command="Позвонить", default=True))),
        Message(path="Результат"),
        Group(
            name="ГруппаНастройки",
            title=("Настройки", "Settings"),
            items=(
                Input(path="АдресМоста", hint=("Без /ws в конце", "Without /ws at the end")),
                Input(path="ИмяПользователяМоста"),
                Input(path="ПарольМоста", password=True),
                Input(path="Абонент"),
                Button(command="ЗаписатьНастройки"),
            ),
        ),
    ),
)
