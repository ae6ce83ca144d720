"""The services that the exchange knows in 1C: names, operations, and where 1C publishes them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bridge.web.soap.envelope import Operations
from bridge.web.soap.vocabulary import STRING

# SayName(number) at …/telephony/ws/ImportTasks: Mobilon, contents/vpbx/integration/1c.md, 2016-12
OLD_NAMESPACE = "http://test"
# 1C publishes a service at /<base>/ws/<name> and /<base>/ws/<name>.1cws; a base is a folder of the web
# server. Those of Mobilon's manual are at /telephony/ws/VATS (contents/vpbx/integration/1c.md, 2017-06-02).
_BASE = r"(?:/\w[\w .~-]{0,63})?"
MAX_DATA = 32 * 1024  # characters of an event's JSON; the longest one seen has 400


@dataclass(frozen=True, kw_only=True)
class Service:
    """A web service of 1C.

    Attributes:
        operations: operation -> its parameters in order.
        wsdl: for `bridge.resources.wsdl_text`.
        aliases: more names that it was published under.
    """

    name: str
    namespace: str
    wsdl: str
    operations: Mapping[str, tuple[str, ...]]
    aliases: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """Where our WSDL says that it is."""
        return f"/ws/{self.name}"

    @property
    def pattern(self) -> re.Pattern[str]:
        """All paths that an exchange may have been given for it."""
        names = "|".join(map(re.escape, (self.name, *self.aliases)))
        return re.compile(rf"{_BASE}/ws/(?:{names})(?:\.1cws)?")

    @property
    def contracts(self) -> Mapping[str, Operations]:
        """Namespace -> operations, for `read_call`; the old question is answered everywhere."""
        ours = {name: dict.fromkeys(words, STRING) for name, words in self.operations.items()}
        return {self.namespace: ours, OLD_NAMESPACE: {"SayName": {"number": STRING}}}


# Mobilon, contents/vpbx/integration/1c.md, 2017-06-02
VATS = Service(
    name="VATS",
    namespace="http://VATS",
    wsdl="onec/vats.wsdl",
    operations={"IncomingCall": ("NumFrom", "Key"), "SayName": ("Number",)},
    aliases=("ImportTasks",),
)
# the 1C extension TelephonyMobilon, 2019-12-12
VATSCALLS = Service(
    name="VATScalls",
    namespace="http://VATSCalls",
    wsdl="onec/vatscalls.wsdl",
    operations={"SayName": ("Number",), "Event": ("Data",), "SayNameByINN": ("INN",)},
)
SERVICES = (VATS, VATSCALLS)
