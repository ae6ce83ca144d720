"""Common commands without a parameter, in «Сервис» of the section."""

from markup import Element, flag, many
from model import Command

from writers.parts import Dump, localized, naming


def common_command(dump: Dump, one: Command) -> Element:
    properties = many(
        "Properties",
        *naming(one.name, one.synonym),
        Element("Group", "ActionsPanelTools"),
        Element("Representation", "Auto"),
        localized("ToolTip", one.tooltip),
        Element("Picture"),
        Element("Shortcut"),
        flag("IncludeHelpInContents", False),
        Element("CommandParameterType"),
        Element("ParameterUseMode", "Single"),
        flag("ModifiesData", False),
        Element("OnMainServerUnavalableBehavior", "Auto"),
    )
    return many("CommonCommand", properties, uuid=dump.identifier(f"CommonCommand.{one.name}"))
