"""Defects planted in our dumps, each by name, each to be caught by the rule that is named with it."""

import re
from collections.abc import Callable
from dataclasses import dataclass

Files = dict[str, bytes]


@dataclass(frozen=True)
class Mutant:
    """`folder`: which of the shipped dumps is spoilt."""

    name: str
    rule: str
    change: Callable[[Files], None]
    folder: str = "extension"


ROOT = "Configuration.xml"
ADDRESS = "Constants/МВ_АдресМоста.xml"
CALLS = "InformationRegisters/МВ_Звонки.xml"
BRIDGE = "CommonModules/МВ_Мост.xml"
BRIDGE_MODULE = "CommonModules/МВ_Мост/Ext/Module.bsl"
SERVICE = "WebServices/VATS.xml"
SERVICE_MODULE = "WebServices/VATS/Ext/Module.bsl"
JOB = "ScheduledJobs/МВ_ЗаборСобытий.xml"
SCHEDULE = "ScheduledJobs/МВ_ЗаборСобытий/Ext/Schedule.xml"
SUBSYSTEM = "Subsystems/МВ_МостВАТС.xml"
USER = "Roles/МВ_ИспользованиеМоста/Ext/Rights.xml"
ADMINISTRATOR = "Roles/МВ_НастройкаМоста/Ext/Rights.xml"
EXCHANGE = "Roles/МВ_ОбменСМостом/Ext/Rights.xml"
SETTINGS = "CommonForms/МВ_Настройки/Ext/Form.xml"
SETTINGS_MODULE = "CommonForms/МВ_Настройки/Ext/Form/Module.bsl"
CARD = "CommonForms/МВ_ВходящийЗвонок/Ext/Form.xml"
COMMAND = "CommonCommands/МВ_Позвонить.xml"
COMMAND_MODULE = "CommonCommands/МВ_Позвонить/Ext/CommandModule.bsl"
ADOPTED = "CommonModules/УправлениеКонтактнойИнформациейКлиент"


def edit(path: str, pattern: str, becomes: str) -> Callable[[Files], None]:
    """Replaces the first place that matches; a pattern that matches nothing is a defect of the mutant."""

    def change(files: Files) -> None:
        text, times = re.subn(pattern, becomes, files[path].decode(), count=1, flags=re.DOTALL)
        assert times == 1, f"{path} has no {pattern}"
        assert text.encode() != files[path], f"{pattern} changes nothing in {path}"
        files[path] = text.encode()

    return change


def edit_all(pattern: str, becomes: str) -> Callable[[Files], None]:
    def change(files: Files) -> None:
        before = dict(files)
        for path, content in before.items():
            if path.endswith(".xml"):
                files[path] = re.sub(pattern, becomes, content.decode()).encode()
        assert files != before

    return change


def remove(*paths: str) -> Callable[[Files], None]:
    def change(files: Files) -> None:
        for path in paths:
            del files[path]

    return change


def add(path: str, content: bytes) -> Callable[[Files], None]:
    def change(files: Files) -> None:
        assert path not in files
        files[path] = content

    return change


def encode(path: str, function: Callable[[bytes], bytes]) -> Callable[[Files], None]:
    def change(files: Files) -> None:
        spoilt = function(files[path])
        assert spoilt != files[path]
        files[path] = spoilt

    return change


def copy(source: str, target: str) -> Callable[[Files], None]:
    def change(files: Files) -> None:
        files[target] = files[source]

    return change


def adopt_other(files: Files) -> None:
    """Another module of БСП in place of the one on the list."""
    other = "ОбщегоНазначенияКлиент"
    for path in (f"{ADOPTED}.xml", f"{ADOPTED}/Ext/Module.bsl"):
        name = "УправлениеКонтактнойИнформациейКлиент"
        files[path.replace(name, other)] = files.pop(path).replace(name.encode(), other.encode())
    files[ROOT] = files[ROOT].replace("УправлениеКонтактнойИнформациейКлиент".encode(), other.encode())


_LINE = r"[\t]*<{0}>[^\r]*\r\n"
_HANDLER = r"Функция SayName\(([^)]*)\)"

MUTANTS = (
    Mutant("a module without a BOM", "01 one BOM", encode(BRIDGE_MODULE, lambda c: c[3:])),
    Mutant("two BOMs in the root", "01 one BOM", encode(ROOT, lambda c: c[:3] + c)),
    Mutant(
        "a module in windows-1251",
        "01 one BOM",
        encode(BRIDGE_MODULE, lambda c: c.decode("utf-8-sig").encode("cp1251", "replace")),
    ),
    Mutant("LF in a form", "02 CRLF", encode(SETTINGS, lambda c: c.replace(b"\r\n", b"\n"))),
    Mutant("one LF in a module", "02 CRLF", encode(BRIDGE_MODULE, lambda c: c.replace(b"\r\n", b"\n", 1))),
    Mutant("a newline after the last tag", "02 CRLF", encode(ADDRESS, lambda c: c + b"\r\n")),
    Mutant("a tag that is not closed", "03 well-formed", edit(CALLS, r"</Dimension>", "")),
    Mutant("a bare ampersand in a synonym", "03 well-formed", edit(ADDRESS, "Адрес моста", "Адрес & имя")),
    Mutant("an empty pair", "03 well-formed", edit(ADDRESS, r"<Comment/>", "<Comment></Comment>")),
    Mutant("a space before the end of a tag", "03 well-formed", edit(ADDRESS, r"<Comment/>", "<Comment />")),
    Mutant(
        "one constant in format 2.20", "04 one version", edit(ADDRESS, r'version="2.17"', 'version="2.20"')
    ),
    Mutant("rights in format 2.13", "04 one version", edit(USER, r'version="2.17"', 'version="2.13"')),
    Mutant("all in a format too new", "04 one version", edit_all(r'version="2.17"', 'version="2.20"')),
    Mutant("a schedule without a format", "04 one version", edit(SCHEDULE, r' version="2.17"', "")),
    Mutant(
        "one identifier for two objects", "05 identifiers", copy(ADDRESS, "Constants/МВ_ПериодПоказа.xml")
    ),
    Mutant(
        "one identifier for two types",
        "05 identifiers",
        edit(ADDRESS, r"<xr:ValueId>[^<]*(.*?)<xr:ValueId>([^<]*)", r"<xr:ValueId>\2\1<xr:ValueId>\2"),
    ),
    Mutant("an identifier with a letter too many", "05 identifiers", edit(CALLS, r'uuid="', 'uuid="a')),
    Mutant("an object without identifier", "05 identifiers", edit(BRIDGE, r' uuid="[^"]*"', "")),
    Mutant(
        "the language after the subsystem",
        "06 order of children",
        edit(ROOT, r"(<Language>[^\r]*)(\r\n\t*)(<Subsystem>[^\r]*)", r"\3\2\1"),
    ),
    Mutant(
        "a constant listed twice",
        "06 order of children",
        edit(ROOT, r"(<Constant>МВ_АдресМоста</Constant>)", r"\1\r\n\t\t\t\1"),
    ),
    Mutant(
        "dimensions before resources",
        "06 order of children",
        edit(
            CALLS,
            r"(<ChildObjects>)(.*)(<Dimension .*</Dimension>)(\r\n\t\t</ChildObjects>)",
            r"\1\r\n\t\t\t\3\2\4",
        ),
    ),
    Mutant("a listed constant without a file", "07 objects have files", remove(ADDRESS)),
    Mutant(
        "another name inside than outside", "07 objects have files", edit(ADDRESS, "<Name>МВ_А", "<Name>МВ_Б")
    ),
    Mutant(
        "a constant where a register is listed",
        "07 objects have files",
        copy(ADDRESS, "InformationRegisters/МВ_Контакты.xml"),
    ),
    Mutant(
        "an object that the root does not list",
        "08 files have objects",
        edit(ROOT, r"\t*<Constant>МВ_ДнейХранения</Constant>\r\n", ""),
    ),
    Mutant(
        "ConfigDumpInfo.xml by hand",
        "08 files have objects",
        add("ConfigDumpInfo.xml", b"\xef\xbb\xbf<ConfigDumpInfo/>"),
    ),
    Mutant(
        "a module in the wrong place",
        "08 files have objects",
        copy(BRIDGE_MODULE, "CommonModules/МВ_Мост/Module.bsl"),
    ),
    Mutant("a common module without its module", "09 parts are there", remove(BRIDGE_MODULE)),
    Mutant("a form without its layout", "09 parts are there", remove(SETTINGS)),
    Mutant("a role without its rights", "09 parts are there", remove(EXCHANGE)),
    Mutant("a job without its schedule", "09 parts are there", remove(SCHEDULE)),
    Mutant("a constant without the prefix", "10 names", edit_all(r"МВ_ДнейХранения", "ДнейХранения")),
    Mutant("ё in the name of a field", "10 names", edit(CALLS, "<Name>Абонент<", "<Name>Абонёнт<")),
    Mutant("a field that begins with a digit", "10 names", edit(CALLS, "<Name>Куда<", "<Name>2Куда<")),
    Mutant("two fields of one name", "10 names", edit(CALLS, "<Name>Куда<", "<Name>Откуда<")),
    Mutant(
        "a method of the application module without the prefix",
        "10 names",
        edit("Ext/ManagedApplicationModule.bsl", "МВ_ПриНачалеРаботыСистемы", "ПриНачалеРаботы"),
    ),
    Mutant(
        "a method of the adopted module with another prefix",
        "10 names",
        edit(f"{ADOPTED}/Ext/Module.bsl", r"МВБ_Поз", "МВ_Поз"),
        "extension_bsp",
    ),
    Mutant("a property left out", "11 properties", edit(CALLS, _LINE.format("WriteMode"), "")),
    Mutant(
        "a property misspelt",
        "11 properties",
        edit(
            COMMAND,
            r"OnMainServerUnavalable(.*)OnMainServerUnavalable",
            r"OnMainServerUnavailable\1OnMainServerUnavailable",
        ),
    ),
    Mutant(
        "two properties changed about",
        "11 properties",
        edit(BRIDGE, r"(<Global>[^\r]*)(\r\n\t*)(<ClientManaged[^\r]*)", r"\3\2\1"),
    ),
    Mutant(
        "a property of a newer format",
        "11 properties",
        edit(CALLS, r"(\t*)(<DataHistory>)", r"\1<TypeReductionMode/>\r\n\1\2"),
    ),
    Mutant(
        "a property that must equal that of any configuration below",
        "11 properties",
        edit(
            ROOT,
            r"(\t*)(<UsePurposes>)",
            r"\1<DefaultRunMode>ManagedApplication</DefaultRunMode>\r\n\1\2",
        ),
    ),
    Mutant(
        "ObjectBelonging where format 2.13 has it",
        "11 properties",
        edit(
            "Languages/Русский.xml",
            r"(<ObjectB[^\r]*)(\r\n\t*)(<Name>[^\r]*)(\r\n\t*)(<Comment/>)",
            r"\3\2\5\4\1",
        ),
    ),
    Mutant(
        "ObjectBelonging where format 2.17 has it",
        "11 properties",
        edit(
            "Languages/Русский.xml",
            r"(<Name>[^\r]*)(\r\n\t*)(<Comment/>)(\r\n\t*)(<ObjectB[^\r]*)",
            r"\5\2\1\4\3",
        ),
        "extension_2.13",
    ),
    Mutant(
        "True with a capital",
        "12 values",
        edit(CALLS, r"<UseStandardCommands>true", "<UseStandardCommands>True"),
    ),
    Mutant("an unknown enumeration value", "12 values", edit(CALLS, "Nonperiodical", "NonPeriodic")),
    Mutant("a string longer than 1024", "12 values", edit(CALLS, r"<v8:Length>500<", "<v8:Length>5000<")),
    Mutant(
        "qualifiers of another type",
        "12 values",
        edit(CALLS, r"<v8:Type>xs:dateTime<", "<v8:Type>xs:decimal<"),
    ),
    Mutant(
        "a server module that the client calls",
        "12 values",
        edit(BRIDGE, r"<ServerCall>false", "<ServerCall>true"),
    ),
    Mutant(
        "a job every 5 seconds",
        "12 values",
        edit(SCHEDULE, r'RepeatPeriodInDay="60"', 'RepeatPeriodInDay="5"'),
    ),
    Mutant("a job that is on from the start", "12 values", edit(JOB, r"<Use>false", "<Use>true")),
    Mutant("a compatibility mode that is too new", "12 values", edit(ROOT, "Version8_3_14", "Version8_3_24")),
    Mutant(
        "a generated type left out",
        "13 generated types",
        edit(CALLS, r'\t*<xr:GeneratedType name="[^"]*" category="RecordKey">.*?</xr:GeneratedType>\r\n', ""),
    ),
    Mutant(
        "a generated type with another's name",
        "13 generated types",
        edit(ADDRESS, r"ConstantManager.МВ_АдресМоста", "ConstantManager.МВ_ДнейХранения"),
    ),
    Mutant(
        "six contained objects",
        "14 contained objects",
        edit(ROOT, r"\t*<xr:ContainedObject>.*?</xr:ContainedObject>\r\n", ""),
    ),
    Mutant(
        "a class of another kind of dump",
        "14 contained objects",
        edit("МВ_НаборНомера.xml", r"c3831ec8", "c3831ec9"),
        "external_processor",
    ),
    Mutant(
        "InternalInfo in our own module",
        "14 contained objects",
        edit(BRIDGE, r"(\t\t)(<Properties>)", r"\1<InternalInfo/>\r\n\1\2"),
    ),
    Mutant(
        "an own constant said to be adopted",
        "15 belonging",
        edit(ADDRESS, r"(\t\t\t)(<Name>)", r"\1<ObjectBelonging>Adopted</ObjectBelonging>\r\n\1\2"),
    ),
    Mutant(
        "a language of our own",
        "15 belonging",
        edit("Languages/Русский.xml", _LINE.format("ObjectBelonging"), ""),
    ),
    Mutant(
        "a language tied to one configuration",
        "15 belonging",
        edit(
            "Languages/Русский.xml",
            r"(\t*)(<LanguageCode>)",
            r"\1<ExtendedConfigurationObject>35d4deef-5b93-4c11-ac42-07beb390c332"
            r"</ExtendedConfigurationObject>\r\n\1\2",
        ),
    ),
    Mutant("mapping by identifiers", "15 belonging", edit(ROOT, r"ByIDs>false", "ByIDs>true")),
    Mutant("another main language", "16 references", edit(ROOT, r"Language.Русский", "Language.Английский")),
    Mutant(
        "an unknown object in the subsystem",
        "16 references",
        edit(SUBSYSTEM, r"InformationRegister.МВ_Звонки", "InformationRegister.МВ_Звонок"),
    ),
    Mutant(
        "a job of an unknown module",
        "16 references",
        edit(JOB, r"CommonModule.МВ_Мост.", "CommonModule.МВ_Мосты."),
    ),
    Mutant(
        "a right on an unknown operation",
        "16 references",
        edit(EXCHANGE, r"Operation.Event", "Operation.Events"),
    ),
    Mutant(
        "a form of an unknown object",
        "16 references",
        edit("МВ_НаборНомера/Forms/Форма/Ext/Form.xml", r"Object.МВ_НаборНомера", "Object.МВ_Набор"),
        "external_processor",
    ),
    Mutant(
        "an unknown default form",
        "16 references",
        edit("МВ_НаборНомера.xml", r"Form.Форма", "Form.ОсновнаяФорма"),
        "external_processor",
    ),
    Mutant("a right that the kind has not", "17 rights", edit(EXCHANGE, r"<name>Use<", "<name>View<")),
    Mutant(
        "rights for new objects", "17 rights", edit(USER, r"setForNewObjects>false", "setForNewObjects>true")
    ),
    Mutant(
        "the secrets in a role",
        "17 rights",
        edit(ADMINISTRATOR, r"InformationRegister.МВ_Контакты", "InformationRegister.МВ_Секреты"),
    ),
    Mutant("Update without Read", "17 rights", edit(ADMINISTRATOR, r"<name>Read<", "<name>View<")),
    Mutant("a right that is not given", "17 rights", edit(USER, r"<value>true", "<value>false")),
    Mutant("a role without rights", "17 rights", edit(EXCHANGE, r"\t<object>.*</object>\r\n", "")),
    Mutant("two elements of one number", "18 forms", edit(SETTINGS, r'id="9"', 'id="8"')),
    Mutant(
        "two elements of one name",
        "18 forms",
        edit(SETTINGS, r'name="КлючВАТС" id="(\d+)"', r'name="Добавочный" id="\1"'),
    ),
    Mutant(
        "a field of a constant that is not there",
        "18 forms",
        edit(SETTINGS, r"НаборКонстант.МВ_ПериодПоказа", "НаборКонстант.МВ_Период"),
    ),
    Mutant(
        "a field of an attribute that is not there",
        "18 forms",
        edit(CARD, r"<DataPath>Время", "<DataPath>Часы"),
    ),
    Mutant(
        "a button without a command",
        "18 forms",
        edit(CARD, r"Form.Command.Перезвонить", "Form.Command.Набрать"),
    ),
    Mutant("a command without a handler", "18 forms", edit(CARD, r"<Action>Команда", "<Action>Кнопка")),
    Mutant("an event without a handler", "18 forms", edit(CARD, r">ОбработкаОповещения<", ">ПриОповещении<")),
    Mutant(
        "a handler with a parameter too few",
        "18 forms",
        edit(SETTINGS_MODULE, r"(?i)(Процедура ПриСозданииНаСервере)\([^)]*\)", r"\1(Отказ)"),
    ),
    Mutant(
        "a handler on the wrong side",
        "18 forms",
        edit(SETTINGS_MODULE, r"&НаСервере(\r\nПроцедура ПриСозданииНаСервере)", r"&НаКлиенте\1"),
    ),
    Mutant("a field without a context menu", "18 forms", edit(SETTINGS, r"\t*<ContextMenu [^\r]*\r\n", "")),
    Mutant(
        "data after the context menu",
        "18 forms",
        edit(CARD, r"(<DataPath>Номер</DataPath>)(\r\n\t*)(<ContextMenu [^\r]*)", r"\3\2\1"),
    ),
    Mutant(
        "commands before attributes",
        "18 forms",
        edit(CARD, r"(\t<Attributes>.*)(\t<Commands>.*</Commands>\r\n)", r"\2\1"),
    ),
    Mutant(
        "an object without a synonym", "19 synonyms", edit(ADDRESS, r"<Synonym>.*?</Synonym>", "<Synonym/>")
    ),
    Mutant(
        "a field without an English synonym",
        "19 synonyms",
        edit(CALLS, r"<v8:content>Recording</v8:content>", "<v8:content/>"),
    ),
    Mutant(
        "a command without a title",
        "19 synonyms",
        edit(
            CARD,
            r"<Title>\r\n\t*<v8:item>\r\n\t*<v8:lang>ru</v8:lang>\r\n\t*<v8:content>Закрыть<.*?</Title>",
            "<Title/>",
        ),
    ),
    Mutant("an operation renamed", "20 contract", edit(SERVICE, r"<Name>SayName<", "<Name>SayNames<")),
    Mutant("a parameter renamed", "20 contract", edit(SERVICE, r"<Name>NumFrom<", "<Name>Number<")),
    Mutant(
        "an operation left out",
        "20 contract",
        edit(
            SERVICE,
            r"\t\t\t<Operation [^\r]*\r\n((?!</Operation>).)*<Name>SayNameByINN<.*?</Operation>\r\n",
            "",
        ),
    ),
    Mutant(
        "a parameter that is a number",
        "20 contract",
        edit(SERVICE, r"<XDTOValueType>xs:string", "<XDTOValueType>xs:int"),
    ),
    Mutant(
        "the namespace of the other contract",
        "20 contract",
        edit(SERVICE, r"http://VATS<", "http://VATSCalls<"),
    ),
    Mutant(
        "a parameter that comes back",
        "20 contract",
        edit(SERVICE, r"<TransferDirection>In<", "<TransferDirection>InOut<"),
    ),
    Mutant("an answer that may be nil", "20 contract", edit(SERVICE, r"<Nillable>false", "<Nillable>true")),
    Mutant(
        "a handler with a parameter too many",
        "21 handlers",
        edit(SERVICE_MODULE, _HANDLER, r"Функция SayName(\1, Лишний)"),
    ),
    Mutant(
        "a handler that is called otherwise",
        "21 handlers",
        edit(SERVICE_MODULE, _HANDLER, r"Функция СказатьИмя(\1)"),
    ),
    Mutant(
        "a job's method that is not exported",
        "21 handlers",
        edit(BRIDGE_MODULE, r"(Процедура ЗаборСобытийПоРасписанию\(\)) Экспорт", r"\1"),
    ),
    Mutant(
        "a job's method with a parameter",
        "21 handlers",
        edit(BRIDGE_MODULE, r"(Процедура ЗаборСобытийПоРасписанию\()\)", r"\1Секунд)"),
    ),
    Mutant(
        "a command that runs on the server", "21 handlers", edit(COMMAND_MODULE, r"&НаКлиенте", "&НаСервере")
    ),
    Mutant("another module of the library adopted", "22 adopted on purpose", adopt_other, "extension_bsp"),
    Mutant("a field called Период", "23 forbidden names", edit(CALLS, r"<Name>Начало<", "<Name>Период<")),
    Mutant(
        "a field called like a table", "23 forbidden names", edit(CALLS, r"<Name>Итог<", "<Name>Документ<")
    ),
)
