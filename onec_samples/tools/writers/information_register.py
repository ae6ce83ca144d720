"""Information registers: independent, not periodic."""

from markup import Element, flag, many
from model import Field, Register

from writers.parts import Dump, generated_types, naming, nil, type_of

CATEGORIES = ("Record", "Manager", "Selection", "List", "RecordSet", "RecordKey", "RecordManager")


def information_register(dump: Dump, one: Register) -> Element:
    properties = many(
        "Properties",
        *naming(one.name, one.synonym),
        flag("UseStandardCommands", one.commands),
        Element("EditType", "InDialog"),
        Element("DefaultRecordForm"),
        Element("DefaultListForm"),
        Element("AuxiliaryRecordForm"),
        Element("AuxiliaryListForm"),
        Element("InformationRegisterPeriodicity", "Nonperiodical"),
        Element("WriteMode", "Independent"),
        flag("MainFilterOnPeriod", False),
        flag("IncludeHelpInContents", False),
        Element("DataLockControlMode", "Managed"),
        Element("FullTextSearch", "DontUse"),
        flag("EnableTotalsSliceFirst", False),
        flag("EnableTotalsSliceLast", False),
        Element("RecordPresentation"),
        Element("ExtendedRecordPresentation"),
        Element("ListPresentation"),
        Element("ExtendedListPresentation"),
        Element("Explanation"),
        Element("DataHistory", "DontUse"),
        flag("UpdateDataHistoryImmediatelyAfterWrite", False),
        flag("ExecuteAfterWriteDataHistoryVersionProcessing", False),
    )
    return many(
        "InformationRegister",
        many("InternalInfo", *generated_types(dump, "InformationRegister", one.name, CATEGORIES)),
        properties,
        many(
            "ChildObjects",
            *(_field(dump, one.name, "Resource", each) for each in one.resources),
            *(_field(dump, one.name, "Dimension", each) for each in one.dimensions),
        ),
        uuid=dump.identifier(f"InformationRegister.{one.name}"),
    )


def _field(dump: Dump, register: str, kind: str, one: Field) -> Element:
    fill = (
        Element("FillValue", "", {"xsi:type": "xs:string"}) if one.type.name == "string" else nil("FillValue")
    )
    of_dimension = (flag("Master", False), flag("MainFilter", False), flag("DenyIncompleteValues", False))
    properties = many(
        "Properties",
        *naming(one.name, one.synonym),
        type_of(one.type),
        flag("PasswordMode", False),
        Element("Format"),
        Element("EditFormat"),
        Element("ToolTip"),
        flag("MarkNegatives", False),
        Element("Mask"),
        flag("MultiLine", False),
        flag("ExtendedEdit", False),
        nil("MinValue"),
        nil("MaxValue"),
        flag("FillFromFillingValue", False),
        fill,
        Element("FillChecking", "DontCheck"),
        Element("ChoiceFoldersAndItems", "Items"),
        Element("ChoiceParameterLinks"),
        Element("ChoiceParameters"),
        Element("QuickChoice", "Auto"),
        Element("CreateOnInput", "Auto"),
        Element("ChoiceForm"),
        Element("LinkByType"),
        Element("ChoiceHistoryOnInput", "Auto"),
        *(of_dimension if kind == "Dimension" else ()),
        Element("Indexing", "Index" if one.indexed else "DontIndex"),
        Element("FullTextSearch", "DontUse"),
        Element("DataHistory", "Use"),
    )
    return many(kind, properties, uuid=dump.identifier(f"InformationRegister.{register}.{kind}.{one.name}"))
