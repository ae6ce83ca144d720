"""Settings: TOML, then the environment (`BRIDGE__INFOBASE__BUH__PASSWORD`), checked at the start."""

from bridge.settings.loading import given, load, parse
from bridge.settings.model import ExchangeSection, InfobaseSection, Settings, SubscriberSection

__all__ = ["ExchangeSection", "InfobaseSection", "Settings", "SubscriberSection", "given", "load", "parse"]
