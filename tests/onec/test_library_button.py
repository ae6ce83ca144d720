"""extension_bsp/: the telephone button of БСП dials, by way of the base extension, with the real bridge."""

from pathlib import Path

from onec.bsl.parser import CLIENT, parse
from onec.run.infobase.firm import Firm, firm

from support.world import ANNA

MODULE = "УправлениеКонтактнойИнформациейКлиент"
EXTENSION = Path(__file__).parents[2] / "onec_samples" / "extension_bsp" / "CommonModules" / MODULE
NUMBER = "8 (923) 529-29-26"
# the shape of БСП 3.1 (1c-syntax/ssl_3_1): the button ends in the one export, which opens a link tel:
LIBRARY = """
Процедура ПередТелефоннымЗвонком(КонтактнаяИнформация, ДополнительныеПараметры = Неопределено) Экспорт
    ПозвонитьПоТелефону(КонтактнаяИнформация.Представление);
КонецПроцедуры
Процедура ПозвонитьПоТелефону(НомерТелефона) Экспорт
    ПерейтиПоНавигационнойСсылке("tel:" + НомерТелефона);
КонецПроцедуры
"""


def press_the_button(office: Firm, user: str, *, extended: bool) -> list[str]:
    """The button of a telephone field; returns what the client opened instead of dialling."""
    client = office.client(user)
    library = client.interpreter.load(parse(LIBRARY, "БСП.bsl", symbols=CLIENT), MODULE, "client")
    if extended:
        path = EXTENSION / "Ext" / "Module.bsl"
        library.extend(parse(path.read_text(encoding="utf-8-sig"), path.name, symbols=CLIENT))
    contact = client.make("Структура", "Представление", NUMBER)
    library.call("ПередТелефоннымЗвонком", contact)
    assert client.screen.errors == []
    return client.screen.links


def test_the_button_dials_instead_of_opening_a_link(tmp_path: Path) -> None:
    with firm(tmp_path) as office:
        assert press_the_button(office, "Анна", extended=False) == [f"tel:{NUMBER}"]
        assert office.bridge.exchange.dials == []
        assert press_the_button(office, "Анна", extended=True) == []
        (dialled,) = office.bridge.exchange.dials
    assert (dialled.key, dialled.number, dialled.made) == (ANNA.key, "89235292926", True)
