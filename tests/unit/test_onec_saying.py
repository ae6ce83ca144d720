"""The card of `SayName`: read however 1C glued it, written as the manual shows it."""

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lxml import etree

from bridge.core.caller import NOBODY, CallerCard, cleaned
from bridge.onec.saying import card_xml, read_card

# The example of Mobilon, contents/vpbx/integration/1c.md, 2017-06-02
MANUAL = """<?xml version="1.0"?>
<data>
    <title>Фэйковый чиж</title>
    <category>0</category>
    <manager>
        <phone>244</phone>
    </manager>
</data>
"""


def glued(title: str, phone: str = "246", category: str = "0") -> str:
    """As the extension glues it: from strings, nothing escaped."""
    return (
        f'<?xml version="1.0"?>\n<data>\n    <title>{title}</title>\n    <category>{category}</category>\n'
        f"    <manager>\n        <phone>{phone}</phone>\n    </manager>\n</data>\n"
    )


def test_the_card_of_the_manual_is_read_and_written_byte_for_byte() -> None:
    card = read_card(MANUAL)
    assert card == CallerCard(title="Фэйковый чиж", manager="244")
    assert card_xml(card) == MANUAL


@pytest.mark.parametrize(
    "name",
    ['ООО "Рога & Копыта"', "А < Б", "ИП <Иванов>", "А > Б", "Дом & Сад", "<b>Иванов</b> & Ко", "О'Хара"],
)
def test_a_name_that_breaks_the_xml_is_read_whole(name: str) -> None:
    assert read_card(glued(name)) == CallerCard(title=name, manager="246")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('<?xml version="1.0"?><error>Контрагент не найден</error>', NOBODY),
        ("<error>Ошибка & сбой <Иванов></error>", NOBODY),
        ("", NOBODY),
        ("  \r\n\t ", NOBODY),
        (glued("", "", "0"), NOBODY),
        (glued("", "", "VIP"), CallerCard(category="VIP")),
        ("VIP:Имя", CallerCard(title="Имя", category="VIP")),
        ("Иванов Пётр", CallerCard(title="Иванов Пётр")),
        ("ООО Ромашка: склад", CallerCard(title="ООО Ромашка: склад")),
        ("\ufeff" + MANUAL, CallerCard(title="Фэйковый чиж", manager="244")),
        (MANUAL.partition("\n")[2], CallerCard(title="Фэйковый чиж", manager="244")),
        (f"<![CDATA[{MANUAL}]]>", CallerCard(title="Фэйковый чиж", manager="244")),
        (
            '<?xml version="1.0" encoding="windows-1251"?><data><title>Чиж</title></data>',
            CallerCard(title="Чиж"),
        ),
        ("<data><title><![CDATA[А & Б]]></title></data>", CallerCard(title="А & Б")),
        ("<data><title><![CDATA[А & Б]]></title>&</data>", CallerCard(title="А & Б")),
        ("<d:data xmlns:d='urn:x'><d:Title>Чиж</d:Title></d:data>", CallerCard(title="Чиж")),
        ("<data><manager><phone>244</phone></manager></data>", CallerCard(manager="244")),
        (
            "<data><title>Рога &amp; Копыта < сыновья</title></data>",
            CallerCard(title="Рога & Копыта < сыновья"),
        ),
        ("<data><title>Чиж</title><manager><phone>24", CallerCard(title="Чиж", manager="24")),
        ("&lt;data&gt;&lt;title&gt;Чиж&lt;/title&gt;&lt;/data&gt;", CallerCard(title="Чиж")),
        ("<html><head><title>1C:Enterprise 8 application error</title></head></html>", NOBODY),
        ("<<<<<", NOBODY),
        ("<data/>", NOBODY),
        ("<data><title>раз\nдва\x00\u202e\tтри</title></data>", CallerCard(title="раз два три")),
    ],
)
def test_every_shape_of_an_answer(text: str, expected: CallerCard) -> None:
    assert read_card(text) == expected


def test_a_category_alone_is_no_knowledge() -> None:
    assert not read_card(glued("", "", "5")).known
    assert read_card(glued("", "244")).known


@pytest.mark.parametrize(
    ("written", "telephone"),
    [
        ("244", "244"),
        (" 8 (923) 529-29-26 ", "89235292926"),
        ("+7 (923) 529-29-26", "+79235292926"),
        ("доб. 244", "244"),
        ("Иванов, 244", "244"),
        ("244, 245", "244"),
        ("*100", ""),
        ("нет", ""),
        ("1", ""),
        ("12345678901234567890", ""),
        ("٢٤٤", ""),
        ("244;url=http://x", "244"),
        ("a244b", ""),
    ],
)
def test_the_manager_is_a_telephone_or_nobody(written: str, telephone: str) -> None:
    assert cleaned(CallerCard(manager=written)).manager == telephone


def test_entities_of_a_doctype_are_not_expanded(tmp_path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "secret").write_text("SECRET")
    bomb = (
        f'<!DOCTYPE data [<!ENTITY a "ha"><!ENTITY b "{"&a;" * 500}"><!ENTITY c "{"&b;" * 500}">'
        f'<!ENTITY f SYSTEM "file://{tmp_path / "secret"}">]>'
        "<data><title>x&c;&f;</title><manager><phone>244</phone></manager></data>"
    )
    began = time.perf_counter()
    card = read_card(bomb)
    assert time.perf_counter() - began < 2
    assert card == CallerCard(title="x&c;&f;", manager="244")


def test_no_more_is_read_than_a_card_may_have() -> None:
    began = time.perf_counter()
    for text in ("<" * 5_000_000, "<title>" * 500_000, "A" * 5_000_000, "<!DOCTYPE" + "<title >" * 300_000):
        assert len(read_card(text).title) <= 200
    assert time.perf_counter() - began < 5


texts = st.text(max_size=300)


@given(texts, texts, texts)
@example("&amp;", "&#65;", "+7 1")
@example("<!DOCTYPE a [<!ENTITY x 'y'>]>", "0", "]]>")
@example(" \u2028a\u00a0", "00", "*1 22")
def test_what_is_written_is_read_again(title: str, category: str, manager: str) -> None:
    card = CallerCard(title=title, category=category, manager=manager)
    text = card_xml(card)
    etree.fromstring(text.encode())
    assert read_card(text) == cleaned(card)
    assert cleaned(cleaned(card)) == cleaned(card)


@given(st.one_of(texts, st.text("<>&;/!?[]abtileponghCDATADOCTYPE:= '\"0125\n", max_size=400)))
def test_reading_never_fails(text: str) -> None:
    card = read_card(text)
    assert card == cleaned(card)
    etree.fromstring(card_xml(card).encode())


@given(st.text("АБВ абв&<>\"'0-9", min_size=1, max_size=60))
def test_a_telephone_survives_whatever_stands_in_the_name(name: str) -> None:
    assert read_card(glued(name)).manager == "246"
