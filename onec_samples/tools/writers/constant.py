"""Constants."""

from markup import Element, flag, many
from model import Constant

from writers.parts import Dump, generated_types, localized, naming, nil, type_of


def constant(dump: Dump, one: Constant) -> Element:
    properties = many(
        "Properties",
        *naming(one.name, one.synonym),
        type_of(one.type),
        flag("UseStandardCommands", False),
        Element("DefaultForm"),
        Element("ExtendedPresentation"),
        Element("Explanation"),
        flag("PasswordMode", False),
        Element("Format"),
        Element("EditFormat"),
        localized("ToolTip", one.tooltip),
        flag("MarkNegatives", False),
        Element("Mask"),
        flag("MultiLine", False),
        flag("ExtendedEdit", False),
        nil("MinValue"),
        nil("MaxValue"),
        Element("FillChecking", "DontCheck"),
        Element("ChoiceFoldersAndItems", "Items"),
        Element("ChoiceParameterLinks"),
        Element("ChoiceParameters"),
        Element("QuickChoice", "Auto"),
        Element("ChoiceForm"),
        Element("LinkByType"),
        Element("ChoiceHistoryOnInput", "Auto"),
        Element("DataLockControlMode", "Managed"),
        Element("DataHistory", "DontUse"),
        flag("UpdateDataHistoryImmediatelyAfterWrite", False),
        flag("ExecuteAfterWriteDataHistoryVersionProcessing", False),
    )
    types = generated_types(dump, "Constant", one.name, ("Manager", "ValueManager", "ValueKey"))
    return many(
        "Constant", many("InternalInfo", *types), properties, uuid=dump.identifier(f"Constant.{one.name}")
    )
