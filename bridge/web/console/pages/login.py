"""Coming in and going out: the first operator, passwords, the language."""

import re

from bridge.web.console import passwords
from bridge.web.console.entering import NAME, Door
from bridge.web.console.visit import Answer, Goto, Page, Visit
from bridge.web.console.words import LANGUAGES
from bridge.web.throttle import Throttled

WRONG = "Имя или пароль не подходят"
BAD_NAME = "Имя — латинские строчные буквы и цифры, например operator"
WRONG_CODE = "Код не подходит или устарел: получите новый командой vpbx-bridge console code"
DIFFERENT = "Пароли в двух полях разные"
SLOWLY = "Слишком много неудачных попыток: подождите пять минут"
BACK = ("", "calls", "queue", "settings", "sandbox", "doctor", "login", "first", "password")


def form(visit: Visit) -> Answer:
    if visit.user:
        return Goto(page="")
    if not visit.roads.accounts.anybody():
        return Goto(page="first")
    return _login(visit)


def enter(visit: Visit, door: Door) -> Answer:
    try:
        token = door.enter(visit.form["name"], visit.form["password"], visit.address)
    except Throttled:
        return _login(visit, SLOWLY, 429)
    if not token:
        return _login(visit, WRONG, 403)
    if visit.user:  # whoever was here before has gone
        door.leave(visit.token)
    return Goto(page="", token=token)


def leave(visit: Visit, door: Door) -> Answer:
    door.leave(visit.token)
    return Goto(page="login", token="")


def language(visit: Visit) -> Answer:
    wanted = visit.form["to"]
    back = visit.form["back"]
    return Goto(page=back if back in BACK else "", language=wanted if wanted in LANGUAGES else LANGUAGES[0])


def first_form(visit: Visit) -> Answer:
    if visit.roads.accounts.anybody():
        return Goto(page="login")
    return _first(visit)


def first(visit: Visit, door: Door) -> Answer:
    name, password = visit.form["name"].lower(), visit.form["password"]
    if not re.fullmatch(NAME, name):
        return _first(visit, BAD_NAME, 400)
    if problem := _problem(visit, name):
        return _first(visit, problem, 400)
    try:
        token = door.first(name, password, visit.form["code"], visit.address)
    except Throttled:
        return _first(visit, SLOWLY, 429)
    return Goto(page="", token=token) if token else _first(visit, WRONG_CODE, 403)


def password_form(visit: Visit) -> Answer:
    return _password(visit)


def password(visit: Visit, door: Door) -> Answer:
    """A new one ends all sessions of its user, but for the new one of this browser."""
    try:
        proved = door.enter(visit.name, visit.form["old"], visit.address)
    except Throttled:
        return _password(visit, SLOWLY, 429)
    if proved is None:
        return _password(visit, "Прежний пароль не подходит", 403)
    if problem := _problem(visit, visit.name):
        door.leave(proved)
        return _password(visit, problem, 400)
    with visit.roads.deed(visit.name, "user", "свой пароль") as done:
        visit.roads.accounts.change_password(visit.name, passwords.hashed(visit.form["password"]))
        done.count = 1
    return Goto(page="", token=door.again(visit.name, visit.address))


def _problem(visit: Visit, name: str) -> str:
    if visit.form["password"] != visit.form["again"]:
        return DIFFERENT
    return passwords.problem_of(visit.form["password"], name)


def _login(visit: Visit, problem: str = "", status: int = 200) -> Page:
    return _page(visit, "login.html", problem, status)


def _first(visit: Visit, problem: str = "", status: int = 200) -> Page:
    return _page(visit, "first.html", problem, status)


def _password(visit: Visit, problem: str = "", status: int = 200) -> Page:
    return _page(visit, "password.html", problem, status)


def _page(visit: Visit, template: str, problem: str, status: int) -> Page:
    facts = {"problem": visit.look.say(problem) if problem else "", "name": visit.form["name"]}
    return Page(template=template, facts=facts, status=status)
