"""WSGI application at `/console/`: who asks for what, and whether that one may."""

from collections.abc import Iterable
from dataclasses import replace
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from markupsafe import Markup

from bridge.core.accounts import User
from bridge.core.errors import BridgeError, StoreUnavailable
from bridge.observe import log
from bridge.web.console import HOME, PREFIX, answers
from bridge.web.console.entering import Door, form_token, is_form_of, new_token
from bridge.web.console.look import Look
from bridge.web.console.roads import Roads
from bridge.web.console.routes import ROUTES, Route, Who
from bridge.web.console.visit import Answer, Fields, Goto, Page, Visit
from bridge.web.console.words import LANGUAGES, speaker
from bridge.web.http import Environ, Reply, StartResponse, path_text, peer

COOKIE, LANGUAGE = "vpbx_console", "vpbx_language"
DEEPEST = 2
YEAR_S = 365 * 24 * 3600
FIELD = Markup('<input type="hidden" name="form_token" value="{}">')
STRANGER = "Форма устарела или пришла не с этой страницы: откройте страницу заново и повторите"


class ConsoleEndpoint:
    """The console.

    Args:
        public_url: the outside address of the bridge: its path and scheme are those of the cookie.
    """

    def __init__(self, roads: Roads, *, public_url: str) -> None:
        self._roads = roads
        self._door = Door(roads.accounts, roads.deed)
        outside = urlsplit(public_url)
        secure = "; Secure" if outside.scheme == "https" else ""
        self._flags = f"; Path={outside.path.rstrip('/')}{HOME}; HttpOnly; SameSite=Strict{secure}"

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        return self._reply(environ).send(environ, start_response)

    def _reply(self, environ: Environ) -> Reply:
        path = path_text(environ)
        if path == HOME:
            return answers.goto("console/", {})
        name = path.removeprefix(PREFIX)
        if name.count("/") > DEEPEST:  # every link of a page would climb back as far
            return Reply.text(404, "not found")
        if name.startswith("static/"):
            version = str(environ.get("QUERY_STRING", "")).removeprefix("v=")
            found = answers.static(name.removeprefix("static/"), version)
            return found or Reply.text(404, "not found")
        return self._page(environ, name)

    def _page(self, environ: Environ, name: str) -> Reply:
        cookies = _cookies(environ)
        token = cookies.get(COOKIE, "")
        visit = self._visit(environ, name, token, cookies.get(LANGUAGE, ""), None)
        try:
            user = self._door.user(token)
            visit = self._visit(environ, name, token or new_token(), visit.look.language, user)
            return self._sent(visit, self._answer(visit, environ), fresh=not token)
        except StoreUnavailable as error:
            log.error("store_unavailable", reason=str(error))
            said = "Мост сейчас не может прочесть или записать свою базу"
            return self._sent(visit, _problem(503, said, str(error) if visit.user else ""))
        except BridgeError as error:
            return self._sent(visit, _problem(400, str(error)))

    def _answer(self, visit: Visit, environ: Environ) -> Answer:
        method = "GET" if environ["REQUEST_METHOD"] == "HEAD" else environ["REQUEST_METHOD"]
        routes = [route for route in ROUTES if route.page == visit.page]
        route = next((one for one in routes if one.method == method), None)
        if route is None:
            return _problem(405 if routes else 404, "Такой страницы нет")
        if route.who is not Who.ANYBODY and visit.user is None:
            return Goto(page="login")
        if route.who is Who.OPERATOR and not visit.operates:
            return _problem(403, "Это может только оператор")
        try:
            visit = self._with_fields(visit, environ, route)
        except ValueError:
            return _problem(400, "Запрос не читается")
        if route.method == "POST" and not is_form_of(visit.token, visit.form["form_token"]):
            log.info("console_form_refused", peer=visit.address, page=visit.page)
            return _problem(403, STRANGER)
        return route.show(visit, self._door)

    @staticmethod
    def _with_fields(visit: Visit, environ: Environ, route: Route) -> Visit:
        form = Fields.of_form(environ) if route.method == "POST" else Fields()
        return replace(visit, query=Fields.of_query(environ), form=form)

    def _visit(self, environ: Environ, name: str, token: str, language: str, user: User | None) -> Visit:
        language = language if language in LANGUAGES else LANGUAGES[0]
        masked = user is None or not user.operates
        return Visit(
            roads=self._roads,
            page=name,
            root="../" * name.count("/") or "./",
            query=Fields(),
            form=Fields(),
            user=user,
            token=token,
            look=Look(say=speaker(language), language=language, zone=self._roads.zone, masked=masked),
            address=peer(environ),
            swaps=environ.get("HTTP_HX_REQUEST") == "true",
        )

    def _sent(self, visit: Visit, answer: Answer, *, fresh: bool = False) -> Reply:
        if isinstance(answer, Goto):
            return self._moved(visit, answer)
        headers = {"Set-Cookie": f"{COOKIE}={visit.token}{self._flags}"} if fresh else {}
        facts = {
            "visit": visit,
            "look": visit.look,
            "_": visit.look.say,
            "root": visit.root,
            "token": lambda: FIELD.format(form_token(visit.token)),
            "static": lambda name: f"{visit.root}static/{name}?v={answers.versions()[name]}",
            "said": "",
            **answer.facts,
        }
        return answers.page(answer.template, facts, status=answer.status, headers=headers)

    def _moved(self, visit: Visit, answer: Goto) -> Reply:
        address = visit.root + answer.page
        headers = {}
        if answer.token is not None:
            lives = "" if answer.token else "; Max-Age=0"
            headers["Set-Cookie"] = f"{COOKIE}={answer.token}{lives}{self._flags}"
        if answer.language:
            headers["Set-Cookie"] = f"{LANGUAGE}={answer.language}; Max-Age={YEAR_S}{self._flags}"
        if visit.swaps:  # a part of a page was asked for by somebody who is not here any more
            return Reply(status=200, body=b"", headers={**answers.SAFE, "HX-Redirect": address, **headers})
        return answers.goto(address, headers)


def _problem(status: int, said: str, reason: str = "") -> Page:
    return Page(template="problem.html", facts={"problem": said, "reason": reason}, status=status)


def _cookies(environ: Environ) -> dict[str, str]:
    jar: SimpleCookie = SimpleCookie()
    try:
        jar.load(str(environ.get("HTTP_COOKIE", ""))[:4096])
    except CookieError:
        return {}
    return {name: one.value for name, one in jar.items()}
