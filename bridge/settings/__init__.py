"""Settings: TOML, then the environment (`BRIDGE__INFOBASE__BUH__PASSWORD`), checked at the start."""

from bridge.settings.loading import given, load, parse
from bridge.settings.model import Settings
from bridge.settings.partners import ExchangeSection, InfobaseSection, SubscriberSection

__all__ = ["ExchangeSection", "InfobaseSection", "Settings", "SubscriberSection", "given", "load", "parse"]
