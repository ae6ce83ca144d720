"""The console as people use it: by clicking, on a telephone and at a desk, by keyboard, without barriers."""

import re

import pytest
import requests

from bridge.demo.stage import CLIENT, SUBSCRIBERS
from support.world import eventually

from .conftest import VIEWER, VIEWER_PASSWORD, Visitor

PAGES = ("", "calls", "queue", "sandbox", "doctor", "settings", "password", "nowhere")


def test_a_newcomer_sees_a_call_arrive_fail_and_be_sent_again(visitor: Visitor) -> None:
    """By clicking only. The card of a call that 1C did not hear in time waits to be sent again."""
    page, stage = visitor.page, visitor.stage
    visitor.enter()
    page.get_by_role("link", name="Полигон").click()
    visitor.press("Отправить события")
    visitor.reads("Мост сообщает 1С")
    visitor.press("Выключить 1С")
    visitor.press("Отправить события")
    visitor.reads("1С выключена: события ждут, карточка")
    page.get_by_role("link", name="Сегодня").click()
    visitor.reads("1С не отвечает, события ждут")
    visitor.picture("today-alarm")
    page.get_by_role("link", name="Полигон").click()
    visitor.press("Включить 1С")
    visitor.reads("1С включена.")
    page.get_by_role("link", name="Очередь").click()

    def expired() -> bool:
        page.reload()
        return page.get_by_role("link", name=re.compile("истекло, demo-vats$")).count() > 0

    assert eventually(expired, within_s=20)
    page.get_by_role("link", name=re.compile("истекло, demo-vats$")).click()
    heard = len(stage.onec.received)
    page.get_by_role("checkbox").first.check()
    visitor.picture("queue-expired")
    visitor.press("Отправить ещё раз")
    visitor.reads("Отправить ещё раз: 1?")
    visitor.press("Отправить ещё раз")
    visitor.reads("Сделано: 1")
    assert eventually(lambda: len(stage.onec.received) > heard)
    page.get_by_role("link", name="Звонки").click()
    page.get_by_role("link", name=re.compile(r"\d\d:\d\d:\d\d")).first.click()
    visitor.reads("Вся жизнь звонка")
    visitor.picture("call")


def test_all_that_expired_is_dropped_while_one_watches(visitor: Visitor) -> None:
    """More than one step of it: htmx asks for the next by itself."""
    stage = visitor.stage
    visitor.enter()
    stage.onec_server.stop()

    def expired_more_than_a_page() -> bool:
        """A card tried again after its call is needless, not expired: how many expire is not known before."""
        for _ in range(42):
            stage.exchange.ring("missed", CLIENT.number, SUBSCRIBERS[0])
        assert eventually(none_waits, within_s=30)  # else it would expire into the emptied list
        visitor.open("queue?infobase=demo-vats&state=expired")
        return visitor.page.get_by_role("link", name="Более ранние").count() > 0

    def none_waits() -> bool:
        visitor.open("queue?infobase=demo-vats&state=queued")
        return visitor.page.get_by_text("Здесь пусто.").count() > 0

    assert eventually(expired_more_than_a_page, within_s=60)
    stage.onec_server.start()
    visitor.press("Отметить все на странице")
    assert visitor.page.get_by_role("checkbox", checked=True).count() == 40
    visitor.page.get_by_role("radio", name="все в этом списке").check()
    visitor.press("Отбросить")
    visitor.reads("Отброшенное в 1С не придёт")
    visitor.picture("queue-ask")
    visitor.press("Отбросить")
    visitor.reads(re.compile(r"Сделано: (4[1-9]|[5-9]\d|\d{3})"))  # all of the list, not of the page
    visitor.reads("Здесь пусто.")


def test_the_first_page_shows_a_new_call_by_itself(visitor: Visitor) -> None:
    visitor.enter()
    number = "8916555" + ("0001" if visitor.width == "phone" else "0002")
    visitor.stage.exchange.ring("answered", number, SUBSCRIBERS[0])
    visitor.reads(number)
    visitor.picture("today")


def test_nobody_who_reads_the_first_page_loses_the_place(visitor: Visitor) -> None:
    page = visitor.page
    visitor.enter()
    page.locator("#live a").first.focus()
    number = "8916777" + ("0001" if visitor.width == "phone" else "0002")
    visitor.stage.exchange.ring("answered", number, SUBSCRIBERS[0])
    ask = "htmx.ajax('GET', 'today', {source: '#live', target: '#live', swap: 'outerHTML'})"
    page.evaluate(f"() => {{ {ask} }}")
    page.wait_for_timeout(300)
    assert page.evaluate("document.activeElement.closest('#live') !== null")
    assert page.get_by_text(number).count() == 0
    page.evaluate("document.activeElement.blur()")
    visitor.reads(number)


def test_what_came_is_shown_on_demand_and_numbers_on_another(visitor: Visitor) -> None:
    page = visitor.page
    visitor.enter()
    visitor.stage.exchange.ring("answered", CLIENT.number, SUBSCRIBERS[0])
    visitor.open(f"calls?number={CLIENT.number}")
    page.locator("td a").first.click()
    page.get_by_role("link", name=re.compile("Как пришло")).first.click()
    shown = page.locator(".raw pre").first
    shown.wait_for()
    assert CLIENT.number not in shown.inner_text()
    visitor.press("Показать номера")
    page.locator(".raw pre", has_text=CLIENT.number).wait_for()
    assert "/console/call?" in page.url


def test_a_click_of_1c_is_tried_in_both_languages_and_a_refusal_is_read(visitor: Visitor) -> None:
    visitor.enter()
    visitor.open("sandbox")
    number = "8923529" + ("0001" if visitor.width == "phone" else "0002")  # a second click is no second dial
    visitor.page.fill("#dial-number", number)
    visitor.press("MakeCall")
    visitor.reads("SUCCESS")
    visitor.picture("sandbox-call")
    visitor.page.locator("pre", has_text=f"outboundNumber={number}").first.wait_for(state="attached")
    visitor.page.select_option("#dial-key", "999")
    visitor.press("Позвонить")
    visitor.reads("<m:Ключ>999</m:Ключ>")
    visitor.reads("FAIL")


def test_a_recording_is_played_from_the_page_of_its_call(visitor: Visitor) -> None:
    page = visitor.page
    visitor.enter()
    visitor.stage.exchange.ring("answered", CLIENT.number, SUBSCRIBERS[0])
    visitor.open("calls?status=ANSWERED")
    page.locator("td a").first.click()
    page.locator("audio").wait_for()
    page.evaluate("document.querySelector('audio').preload = 'metadata'")
    # not `wait_for_function`: our pages let nobody evaluate a text
    assert eventually(lambda: page.evaluate("document.querySelector('audio').readyState") >= 1)
    assert page.evaluate("document.querySelector('audio').duration") > 1


def test_no_page_has_barriers_or_is_wider_than_its_window(visitor: Visitor) -> None:
    visitor.enter()
    for page in PAGES:
        visitor.open(page)
        if page == "nowhere":
            visitor.troubles.clear()  # the browser itself complains of a 404
        visitor.picture(page or "first")
        assert visitor.barriers() == [], page
        assert visitor.overflow() <= 0, page


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_busiest_pages_have_no_barriers_by_day_and_by_night(visitor: Visitor, scheme: str) -> None:
    page, stage = visitor.page, visitor.stage
    page.emulate_media(color_scheme=scheme)
    visitor.open("login")
    assert visitor.barriers() == []
    visitor.enter()
    stage.exchange.ring("group_missed", CLIENT.number, SUBSCRIBERS[0])
    for name in ("calls", "today-filled"):
        visitor.open("" if name != "calls" else name)
        visitor.picture(f"{name}-{scheme}")
        assert visitor.barriers() == []
    visitor.open("calls")
    page.locator("td a").first.click()
    visitor.reads("Вся жизнь звонка")
    visitor.picture(f"call-{scheme}")
    assert visitor.barriers() == []
    assert visitor.overflow() <= 0


def test_a_password_of_1c_is_issued_and_revoked_by_clicking(visitor: Visitor) -> None:
    page, label = visitor.page, f"касса на {visitor.width}"
    visitor.enter()
    visitor.open("settings")
    page.get_by_label("Для кого новый пароль").first.fill(label)
    page.get_by_role("button", name="Выдать новый пароль").first.dblclick()
    visitor.reads("Он уже действует")
    shown = [page.inner_text(where) for where in ("#login", "#password")]
    visitor.picture("token-issued")
    assert visitor.barriers() == []
    assert visitor.overflow() <= 0
    visitor.open("settings")
    assert page.get_by_text(label).count() == 1, "a double click is one wish"
    assert shown[1] not in page.inner_text("main")
    address = f"{visitor.stage.url}/api/call/CallToSubscriber"
    assert requests.get(address, auth=(shown[0], shown[1]), timeout=10).status_code == 400, "let in"
    page.get_by_role("button", name=re.compile(f"^Отозвать: .*{label}$")).click()
    visitor.reads("Вернуть его нельзя")
    visitor.picture("token-ask")
    assert visitor.barriers() == []
    visitor.press("Отозвать")
    visitor.reads("Пароль отозван")
    visitor.picture("token-revoked")
    assert visitor.barriers() == []
    assert visitor.overflow() <= 0
    assert requests.get(address, auth=(shown[0], shown[1]), timeout=10).status_code == 401


def test_everything_can_be_reached_by_keyboard(visitor: Visitor) -> None:
    page = visitor.page
    visitor.enter()
    visitor.open()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.url.endswith("#main")
    visitor.open()
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.textContent.trim()"))
    assert {"Сегодня", "Звонки", "Очередь", "Полигон", "Доктор", "Настройка", "Выйти"} <= reached


def test_a_viewer_has_no_buttons_and_no_whole_numbers(visitor: Visitor) -> None:
    visitor.stage.exchange.ring("answered", CLIENT.number, SUBSCRIBERS[0])
    visitor.enter(VIEWER, VIEWER_PASSWORD)
    visitor.open("calls")
    assert visitor.page.get_by_role("link", name="Полигон").count() == 0
    text = visitor.page.inner_text("main")
    assert "89*******01" in text
    assert CLIENT.number not in text
    visitor.picture("viewer")


def test_whoever_reads_english_finds_no_russian_word_of_ours(visitor: Visitor) -> None:
    page = visitor.page
    visitor.enter()
    visitor.press("In English")
    names = "|".join(one.name for one in SUBSCRIBERS)
    theirs = re.compile(rf"{names}|По-русски|Позвонить|\[\w+\]")
    for name in ("", "calls", "queue", "sandbox", "doctor", "settings"):
        visitor.open(name)
        left = re.findall(r"[А-Яа-яё]{3,}[^\n]*", theirs.sub("", page.inner_text("body")))
        assert left == [], name
    visitor.open()
    visitor.picture("english")
    visitor.press("По-русски")
    visitor.reads("Сегодня")
