"""What objects of each kind look like in a dump: read in public dumps of formats 2.7 to 2.20.

The words of a shape: `name`, `text`, `bool`, `int`, `empty`, `nil`, `localized`, `type`, `fill`, `reference`,
`references`, `purposes`, or the values that are allowed, with `|` between.
"""

from dataclasses import dataclass, field

Shape = dict[str, str]
"""Name of a property -> the word for its value, in the platform's order."""


def _shape(text: str) -> Shape:
    return dict(word.split("=", 1) for word in text.split())


@dataclass(frozen=True, kw_only=True)
class Kind:
    """`properties` of an own object, `adopted` of one taken from the configuration below (format 2.17)."""

    folder: str
    properties: Shape
    adopted: Shape = field(default_factory=dict)
    internal: str = "none"  # none, empty, types, contained
    generated: tuple[str, ...] = ()
    children: tuple[str, ...] | None = None  # None: there is no ChildObjects
    parts: tuple[str, ...] = ()
    optional_parts: tuple[str, ...] = ()
    rights: tuple[str, ...] = ()
    may_be_adopted: bool = False


_HEAD = "Name=name Synonym=localized Comment=text"
_FLAGS = (
    "Global=bool ClientManagedApplication=bool Server=bool ExternalConnection=bool "
    "ClientOrdinaryApplication=bool ServerCall=bool"
)
_CHOICE = (
    "ChoiceFoldersAndItems=Items|Folders|FoldersAndItems ChoiceParameterLinks=empty ChoiceParameters=empty "
    "QuickChoice=Auto|Use|DontUse"
)
_EDITING = (
    "PasswordMode=bool Format=empty EditFormat=empty ToolTip=localized? MarkNegatives=bool Mask=text "
    "MultiLine=bool ExtendedEdit=bool MinValue=nil MaxValue=nil"
)
_HISTORY = (
    "DataHistory=Use|DontUse UpdateDataHistoryImmediatelyAfterWrite=bool "
    "ExecuteAfterWriteDataHistoryVersionProcessing=bool"
)
_LOCKS = "DataLockControlMode=Managed|Automatic"
_FIELD = (
    f"{_HEAD} Type=type {_EDITING} FillFromFillingValue=bool FillValue=fill FillChecking=DontCheck|ShowError "
    f"{_CHOICE} CreateOnInput=Auto|Use|DontUse ChoiceForm=empty LinkByType=empty "
    "ChoiceHistoryOnInput=Auto|DontUse"
)
_SEARCH = (
    "Indexing=DontIndex|Index|IndexWithAdditionalOrder FullTextSearch=Use|DontUse DataHistory=Use|DontUse"
)
_GROUPS = "|".join(
    (
        "NavigationPanelImportant",
        "NavigationPanelOrdinary",
        "NavigationPanelSeeAlso",
        "ActionsPanelCreate",
        "ActionsPanelReports",
        "ActionsPanelTools",
        "FormCommandBarImportant",
        "FormNavigationPanelGoTo",
    )
)

NESTED: dict[str, Shape] = {
    "Resource": _shape(f"{_FIELD} {_SEARCH}"),
    "Dimension": _shape(f"{_FIELD} Master=bool MainFilter=bool DenyIncompleteValues=bool {_SEARCH}"),
    "Operation": _shape(
        f"{_HEAD} XDTOReturningValueType=xs:string|xs:boolean|xs:int Nillable=bool Transactioned=bool "
        f"ProcedureName=name {_LOCKS}"
    ),
    "Parameter": _shape(
        f"{_HEAD} XDTOValueType=xs:string|xs:boolean|xs:int Nillable=bool TransferDirection=In|Out|InOut"
    ),
}
"""What stands within the file of its owner."""

NESTED_CHILDREN = {"Operation": ("Parameter",)}

KINDS = {
    "Configuration": Kind(
        folder="",
        internal="contained",
        properties={},
        adopted=_shape(
            "ObjectBelonging=Adopted Name=name Synonym=localized Comment=text "
            "ConfigurationExtensionPurpose=Patch|Customization|AddOn "
            "KeepMappingToExtendedConfigurationObjectsByIDs=bool NamePrefix=name "
            "ConfigurationExtensionCompatibilityMode=Version8_3_14 "
            "UsePurposes=purposes ScriptVariant=Russian|English Vendor=text Version=text "
            "DefaultLanguage=reference BriefInformation=localized? DetailedInformation=localized? "
            "Copyright=localized? VendorInformationAddress=localized? "
            "ConfigurationInformationAddress=localized?"
        ),
        optional_parts=("Ext/ManagedApplicationModule.bsl",),
        may_be_adopted=True,
    ),
    "Language": Kind(
        folder="Languages",
        internal="empty",
        properties={},
        adopted=_shape("ObjectBelonging=Adopted Name=name Comment=text LanguageCode=ru"),
        may_be_adopted=True,
    ),
    "Subsystem": Kind(
        folder="Subsystems",
        properties=_shape(
            f"{_HEAD} IncludeHelpInContents=bool IncludeInCommandInterface=bool UseOneCommand=bool "
            "Explanation=localized Picture=empty Content=references"
        ),
        children=(),
        rights=("View",),
    ),
    "Role": Kind(folder="Roles", properties=_shape(_HEAD), parts=("Ext/Rights.xml",)),
    "CommonModule": Kind(
        folder="CommonModules",
        internal="none",
        properties=_shape(
            f"{_HEAD} {_FLAGS} Privileged=bool ReturnValuesReuse=DontUse|DuringRequest|DuringSession"
        ),
        adopted=_shape(f"ObjectBelonging=Adopted Name=name Comment=text {_FLAGS}"),
        parts=("Ext/Module.bsl",),
        may_be_adopted=True,
    ),
    "WebService": Kind(
        folder="WebServices",
        properties=_shape(
            f"{_HEAD} Namespace=text XDTOPackages=empty DescriptorFileName=text "
            "ReuseSessions=DontUse|Use|AutoUse SessionMaxAge=int"
        ),
        children=("Operation",),
        parts=("Ext/Module.bsl",),
    ),
    "ScheduledJob": Kind(
        folder="ScheduledJobs",
        properties=_shape(
            f"{_HEAD} MethodName=reference Description=text Key=text Use=bool Predefined=bool "
            "RestartCountOnFailure=int RestartIntervalOnFailure=int"
        ),
        parts=("Ext/Schedule.xml",),
    ),
    "CommonCommand": Kind(
        folder="CommonCommands",
        properties=_shape(
            f"{_HEAD} Group={_GROUPS} Representation=Auto|Text|Picture|PictureAndText ToolTip=localized "
            "Picture=empty Shortcut=text IncludeHelpInContents=bool CommandParameterType=empty "
            "ParameterUseMode=Single|Multiple ModifiesData=bool "
            "OnMainServerUnavalableBehavior=Auto|Use|DontUse"
        ),
        parts=("Ext/CommandModule.bsl",),
        rights=("View",),
    ),
    "Constant": Kind(
        folder="Constants",
        internal="types",
        generated=("Manager", "ValueManager", "ValueKey"),
        properties=_shape(
            f"{_HEAD} Type=type UseStandardCommands=bool DefaultForm=empty ExtendedPresentation=localized? "
            f"Explanation=localized? {_EDITING} FillChecking=DontCheck|ShowError {_CHOICE} ChoiceForm=empty "
            f"LinkByType=empty ChoiceHistoryOnInput=Auto|DontUse {_LOCKS} {_HISTORY}"
        ),
        optional_parts=("Ext/ValueManagerModule.bsl", "Ext/ManagerModule.bsl"),
        rights=("Read", "Update", "View", "Edit"),
    ),
    "CommonForm": Kind(
        folder="CommonForms",
        properties=_shape(
            f"{_HEAD} FormType=Managed IncludeHelpInContents=bool UsePurposes=purposes "
            "UseStandardCommands=bool ExtendedPresentation=localized? Explanation=localized?"
        ),
        parts=("Ext/Form.xml", "Ext/Form/Module.bsl"),
        rights=("View",),
    ),
    "InformationRegister": Kind(
        folder="InformationRegisters",
        internal="types",
        generated=("Record", "Manager", "Selection", "List", "RecordSet", "RecordKey", "RecordManager"),
        properties=_shape(
            f"{_HEAD} UseStandardCommands=bool EditType=InDialog|InList|BothWays DefaultRecordForm=empty "
            "DefaultListForm=empty AuxiliaryRecordForm=empty AuxiliaryListForm=empty "
            "InformationRegisterPeriodicity=Nonperiodical|Second|Day|Month|Quarter|Year|RecorderPosition "
            "WriteMode=Independent|RecorderSubordinate MainFilterOnPeriod=bool IncludeHelpInContents=bool "
            f"{_LOCKS} FullTextSearch=Use|DontUse EnableTotalsSliceFirst=bool EnableTotalsSliceLast=bool "
            "RecordPresentation=localized? ExtendedRecordPresentation=localized? "
            "ListPresentation=localized? ExtendedListPresentation=localized? Explanation=localized? "
            f"{_HISTORY}"
        ),
        children=("Resource", "Dimension"),
        optional_parts=("Ext/RecordSetModule.bsl", "Ext/ManagerModule.bsl"),
        rights=("Read", "Update", "View", "Edit"),
    ),
    "ExternalDataProcessor": Kind(
        folder="",
        internal="contained",
        generated=("Object",),
        properties=_shape(f"{_HEAD} DefaultForm=reference AuxiliaryForm=empty"),
        children=("Form",),
        optional_parts=("Ext/ObjectModule.bsl",),
    ),
    "Form": Kind(
        folder="Forms",
        properties=_shape(
            f"{_HEAD} FormType=Managed IncludeHelpInContents=bool UsePurposes=purposes "
            "ExtendedPresentation=localized?"
        ),
        parts=("Ext/Form.xml", "Ext/Form/Module.bsl"),
    ),
}

ORDER = (
    "Language", "Subsystem", "StyleItem", "Style", "CommonPicture", "SessionParameter", "Role",
    "CommonTemplate", "FilterCriterion", "CommonModule", "CommonAttribute", "ExchangePlan", "XDTOPackage",
    "WebService", "HTTPService", "WSReference", "EventSubscription", "ScheduledJob", "SettingsStorage",
    "FunctionalOption", "FunctionalOptionsParameter", "DefinedType", "CommonCommand", "CommandGroup",
    "Constant", "CommonForm", "Catalog", "Document", "DocumentNumerator", "Sequence", "DocumentJournal",
    "Enum", "Report", "DataProcessor", "InformationRegister", "AccumulationRegister",
    "ChartOfCharacteristicTypes", "ChartOfAccounts", "AccountingRegister", "ChartOfCalculationTypes",
    "CalculationRegister", "BusinessProcess", "Task", "IntegrationService",
)  # fmt: skip
"""The kinds in the order in which the root lists them."""

CONTAINED = {
    "Configuration": (
        "9cd510cd-abfc-11d4-9434-004095e12fc7",
        "9fcd25a0-4822-11d4-9414-008048da11f9",
        "e3687481-0a87-462c-a166-9f34594f9bba",
        "9de14907-ec23-4a07-96f0-85521cb6b53b",
        "51f2d5d8-ea4d-4064-8892-82951750031e",
        "e68182ea-4237-4383-967f-90c1e3370bc7",
        "fb282519-d103-4dd3-bc12-cb271d631dfc",
    ),
    "ExternalDataProcessor": ("c3831ec8-d8d5-4f93-8a22-f9bfae07327f",),
}
"""Classes of the objects that every dump of the kind contains."""

MODULE_FLAGS = (
    {"Server", "ExternalConnection", "ClientOrdinaryApplication"},
    {"Server", "ServerCall"},
    {"ClientManagedApplication", "ClientOrdinaryApplication"},
    {"ClientManagedApplication", "ClientOrdinaryApplication", "Global"},
    {"ClientManagedApplication", "ClientOrdinaryApplication", "Server", "ExternalConnection"},
)
"""The sets of flags that a common module may have (std469)."""

_TABLES = """
РегистрБухгалтерии РегистрНакопления РегистрРасчета РегистрСведений БизнесПроцесс Справочник
Справочники ПланСчетов ПланВидовРасчета ПланВидовХарактеристик Константа Константы Документ
Документы ЖурналДокументов Перечисление Перечисления ПланОбмена КритерийОтбора Отчет Отчеты
Обработка Обработки Последовательность Задача Задачи AccountingRegister AccumulationRegister
CalculationRegister InformationRegister BusinessProcess Catalog Catalogs ChartOfAccounts
ChartOfCalculationTypes ChartOfCharacteristicTypes Constant Constants Document Documents
DocumentJournal Enum Enums ExchangePlan FilterCriterion Report Reports DataProcessor DataProcessors
Sequence Task Tasks
"""
_STANDARD = """
ВидДвижения Период Регистратор НомерСтроки Активность МоментВремени RecordType Period Recorder
LineNumber Active PointInTime
"""
FORBIDDEN = frozenset((_TABLES + _STANDARD).casefold().split())
"""Names of tables and of standard attributes: an object or a field called so breaks queries (BSL189)."""
