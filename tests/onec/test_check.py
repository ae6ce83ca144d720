"""The samples as they are shipped have no finding, and the checker knows what it claims to know."""

import re
from pathlib import Path

import pytest
from onec.check import checker, texts
from onec.check.alphabets import mixed
from onec.check.checker import check
from onec.check.findings import Finding
from onec.check.metadata import Metadata
from onec.check.platform import Type1C, platform
from onec.check.samples import ROOT, Samples, Unit, declared_minimum, samples
from onec.check.versions import number, since
from onec.mutants.code import MUTANTS
from onec.run import builtins

CHECKS = Path(checker.__file__).parent


@pytest.fixture(scope="module")
def findings() -> list[Finding]:
    return check(samples())


@pytest.mark.parametrize("unit", samples().units, ids=lambda unit: unit.path)
def test_a_shipped_module_has_no_finding(unit: Unit, findings: list[Finding]) -> None:
    assert [str(one) for one in findings if one.path == unit.path] == []


def test_every_module_is_checked() -> None:
    there = {path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*.bsl")}
    copies = {path for path in there if path.split("/")[0].endswith("_2.13")}
    assert there - copies == {unit.path for unit in samples().units}
    assert len(samples().units) >= 25


def test_every_rule_has_a_defect_that_it_finds() -> None:
    """A rule that nothing ever breaks may as well be broken itself."""
    source = "".join(path.read_text(encoding="utf-8") for path in CHECKS.glob("*.py"))
    rules = set(re.findall(r'(?:place|Place\([^)]*\)|_START), "([^"]+)"', source))
    rules |= set(re.findall(r'_find\(\s*"([^"]+)"', source)) | {"syntax"}
    assert len(rules) > 25
    assert rules - {one.rule for one in MUTANTS} == set()


def loose(text: str, *, kind: str = "server", minimum: str = "8.3.14") -> list[str]:
    """The rules that a module of its own breaks."""
    unit = Unit(path="modules/m.bsl", text=text, kind=kind, minimum=minimum, metadata=Metadata())
    found = check(Samples(units=(unit,)))
    if not any(one.rule == "syntax" for one in found):
        found += list(texts.check(unit))
    return sorted({one.rule for one in found})


def server(*lines: str) -> str:
    method = "\n".join(
        ("// А, Б", "Процедура П(А, Б) Экспорт", *(f"\t{one}" for one in lines), "КонецПроцедуры")
    )
    return f"#Область ПрограммныйИнтерфейс\n{method}\n#КонецОбласти\n"


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("В = Новый Структура; Б = В.Ключ;", "member"),
        ('В = Новый Структура("Раз"); Б = В.Два;', "member"),
        ('В = Новый Структура("Раз"); В.Вставить("Два", 1); Б = В.Два;', ""),
        ('В = Новый Структура("Раз"); Заполнить(В); Б = В.Два;', "method"),
        ("В = Новый Массив; Для Каждого Г Из В Цикл Б = Г.Любое; КонецЦикла;", ""),
        ("Для Каждого Г Из 5 Цикл Б = Г; КонецЦикла;", "member"),
        ("Б = А.Любое.Еще(1, 2);", ""),
        ('Б = Новый HTTPЗапрос("/a"); Б.Заголовки.Вставить("Content-Type", "text/xml");', ""),
        ('В = ТипЗнч(А) = Тип("Число"); Б = В;', ""),
        ("Если А Тогда В = 1; КонецЕсли; Б = В;", ""),
        ("Пока Истина Цикл Б = В; В = 1; КонецЦикла;", "variable"),
        ("В = 1;", "never read"),
        ('Б = СтрШаблон("%1 из %2 и снова %1", 1, 2);', ""),
        ("Б = НСтр(\"ru = '%1 да'; en = 'yes'\");", "НСтр"),
        ("Б = Константы.МВ_Любая.Получить();", "member"),
        ('Б = Новый HTTPСоединение("a", 443, , , , 20);', ""),
        ('Б = Новый HTTPСоединение("a", 443);', "timeout"),
        ('Б = Новый HTTPСоединение("a", 443, "я", "секрет", , 20);', "secret"),
        ("Б = Вычислить(А);", "method"),
    ],
)
def test_a_line_on_the_server(line: str, rule: str) -> None:
    assert (rule in loose(server(line))) if rule else (loose(server(line)) == [])


def test_an_ordinary_form_may_ask_modally_and_a_managed_one_may_not() -> None:
    text = server('Предупреждение("да");').replace("Процедура", "&НаКлиенте\nПроцедура")
    old = (
        text.replace("&НаКлиенте\n", "")
        .replace("#Область ПрограммныйИнтерфейс\n", "")
        .replace("#КонецОбласти\n", "")
    )
    assert loose(old, kind="ordinary", minimum="8.2") == []
    assert loose(text, kind="form") == ["modal"]


@pytest.mark.parametrize("word", ["SUССESS", "Тelephony", "messаge", "Oтвет", "НTTPСоединение"])
def test_a_word_of_two_alphabets_is_seen(word: str) -> None:
    assert list(mixed(f"да {word} нет")) == [word]


@pytest.mark.parametrize(
    "word", ["HTTPСоединение", "WSПрокси", "ОтветXML", "ПрочитатьJSON", "МВ_Мост", "ru = 'да'", "1С", "№5"]
)
def test_a_word_of_the_platform_is_not(word: str) -> None:
    assert list(mixed(word)) == []


def test_a_sample_says_what_platform_it_is_for() -> None:
    assert (
        declared_minimum("// Набор, платформа 8.2.19\n// и новее.\nА = 1;\n// платформа 8.3 и новее")
        == "8.2.19"
    )
    with pytest.raises(ValueError, match="no platform"):
        declared_minimum("// Набор номера.\n")
    minimums = {unit.path: unit.minimum for unit in samples().units}
    assert minimums["extension/WebServices/VATS/Ext/Module.bsl"] == "8.3.14"
    assert number(minimums["modules/8.3.18_async_form.bsl"]) == (8, 3, 18)
    assert all(
        number(minimum) < (8, 3) for path, minimum in minimums.items() if path.startswith("modules/8.2")
    )


def test_what_has_a_version_is_in_the_dictionary() -> None:
    known = platform()
    for heading, names in {
        "methods": known.methods,
        "properties": known.properties,
        "types": known.types,
    }.items():
        assert set(since().tables[heading]) <= set(names)
    members = {name for one in known.types.values() for name in (*one.methods, *one.properties)}
    assert set(since().tables["members"]) <= members


def test_the_interpreter_and_the_checker_contradict_each_other_nowhere() -> None:
    """Two dictionaries of two authors: what one of them must have, the other may."""
    for registry, known in ((builtins.METHODS, platform().methods), (builtins.TYPES, platform().types)):
        for one in registry.values():
            mine = known.get(one.name.casefold())
            made = mine.made if isinstance(mine, Type1C) else mine
            if made is not None:
                most = [count for count in (one.most, made.most) if count is not None]
                assert all(max(one.least, made.least) <= count for count in most), one.name
                assert ("thin" in mine.sides) <= ("client" in one.sides), one.name
