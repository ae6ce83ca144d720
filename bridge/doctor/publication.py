"""The web service that an infobase publishes, as its WSDL shows it."""

from base64 import b64encode

from lxml import etree

from bridge.doctor.finding import Finding, bad, doubtful, good
from bridge.settings import InfobaseSection
from bridge.wire import Answer, Wire, WireError
from bridge.wiring.partners import namespace_of

_WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
# the operations that the bridge itself calls; the others of the contract are the exchange's
CALLED = {"vats": {"IncomingCall"}, "vatscalls": {"Event"}}
SLOW_S = 2.0


def publication_findings(link: str, section: InfobaseSection) -> list[Finding]:
    """Fetch the WSDL as 1C publishes it and compare what the bridge needs of it."""
    login = b64encode(f"{section.user}:{section.password.get_secret_value()}".encode()).decode()
    headers: dict[str, str | bytes] = {"Authorization": f"Basic {login}"} if section.user else {}
    wire = Wire(
        connect_s=section.connect_s,
        total_s=section.timeout_s,
        ca_file=str(section.ca_file or ""),
        max_bytes=4 * 1024 * 1024,
    )
    try:
        answer = wire.get(f"{section.url}?wsdl", headers)
    except WireError as error:
        advice = "проверьте адрес, веб-сервер 1С и брандмауэр"
        if "сертификат" in error.reason:
            advice = "укажите ca_file или поставьте серверу сертификат известного центра"
        return [bad(link, f"{section.url}: {error.reason}", advice)]
    finally:
        wire.close()
    findings = _understood(link, section, answer)
    if answer.took_s > SLOW_S:
        findings.append(doubtful(link, f"отвечает {answer.took_s:.1f} с", "карточки будут запаздывать"))
    return findings


def _understood(link: str, section: InfobaseSection, answer: Answer) -> list[Finding]:
    match answer.status:
        case 200:
            return _compare(link, section, answer)
        case 401:
            return [
                bad(
                    link,
                    "1С не приняла имя или пароль",
                    f"проверьте infobase.user «{section.user}» и password",
                )
            ]
        case 403:
            return [
                bad(link, "вход закрыт (HTTP 403)", "снимите блокировку сеансов или дайте пользователю права")
            ]
        case 404:
            return [
                bad(
                    link,
                    "публикации по этому адресу нет",
                    "проверьте infobase.url и публикацию на веб-сервере",
                )
            ]
        case 406:
            return [bad(link, "1С не может начать сеанс", "проверьте лицензии")]
        case 500 if "Сервис не найден".encode() in answer.body:
            advice = 'в default.vrd укажите <ws publishExtensionsByDefault="true"> и опубликуйте веб-сервис'
            return [bad(link, "веб-сервис не опубликован («Сервис не найден»)", advice)]
    return [bad(link, f"HTTP {answer.status} вместо WSDL", "откройте адрес с ?wsdl в браузере")]


def _compare(link: str, section: InfobaseSection, answer: Answer) -> list[Finding]:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        published = etree.fromstring(answer.body, parser)
    except etree.XMLSyntaxError:
        return [
            bad(
                link,
                "вместо WSDL пришла страница",
                "проверьте, что url ведёт на /ws/<имя> и вход не через форму",
            )
        ]
    namespace = namespace_of(section)
    findings = []
    if published.get("targetNamespace") != namespace:
        said = f"пространство имён в 1С {published.get('targetNamespace')}, а в мосте {namespace}"
        findings.append(bad(link, said, f'укажите namespace = "{published.get("targetNamespace")}"'))
    missing = CALLED[section.contract] - _operations(published)
    if missing:
        names = ", ".join(sorted(missing))
        advice = (
            f"проверьте имя и регистр; в 1С есть: {', '.join(sorted(_operations(published))) or 'ничего'}"
        )
        findings.append(bad(link, f"в веб-сервисе нет операции {names}", advice))
    if not findings:
        findings.append(good(link, f"веб-сервис опубликован, вход принят, {answer.took_s * 1000:.0f} мс"))
    return findings


def _operations(wsdl: etree._Element) -> set[str]:
    return {operation.get("name") for operation in wsdl.iter(f"{_WSDL}operation")}
