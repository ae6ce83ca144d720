"""A firm's own web service and MIKO's panel as infobases of a test world."""

from collections.abc import Mapping
from typing import Any

# what docs/operating.md shows, for the service CRM of the fake 1C
RING = {
    "operation": "ВходящийЗвонок",
    "parameters": {
        "Номер": "{from}",
        "Добавочный": "{extension}",
        "Время": "{time}",
        "Пояснение": "звонят {name}",
    },
}
EVENT = {
    "operation": "ЗаписатьСобытие",
    "parameters": {
        "НомерСобытия": "{event_id}",
        "Состояние": "{state}",
        "Отвечен": "{answered}",
        "Секунд": "{duration}",
        "Дата": "{date}",
        "Данные": "{data}",
    },
}
WHO = {
    "operation": "НайтиКлиента",
    "parameters": {"Номер": "{number}"},
    "title": "Наименование",
    "category": "Категория",
    "manager": "ТелефонМенеджера",
}


def custom(**changes: Any) -> dict[str, Any]:
    """The section `custom`; a change to None leaves its part out."""
    section = {"ring": RING, "event": EVENT, "who": WHO, **changes}
    return {name: part for name, part in section.items() if part is not None}


def infobase(onec_url: str, contract: str, **changes: Any) -> Mapping[str, Any]:
    """An infobase of exchange `main` with the given contract."""
    service = {"vats": "VATS", "vatscalls": "VATScalls", "custom": "CRM", "miko": "miko_crm_api"}[contract]
    return {
        "exchange": "main",
        "contract": contract,
        "url": f"{onec_url}/ws/{service}",
        "probe_s": 0.2,
        "timeout_s": 3,
        **({"custom": custom()} if contract == "custom" else {}),
        **changes,
    }
