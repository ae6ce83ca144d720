"""Rules on the bytes and on which files there are."""

import re
from collections.abc import Iterator

from lxml import etree
from onec.dump.kinds import KINDS, ORDER
from onec.dump.reading import BOM, FORM, MD, RIGHTS, SCHEDULE, Dump

Said = Iterator[tuple[str, str]]
"""Path and text of a finding."""

_EMPTY_PAIR = re.compile(rb"<([\w:.-]+)(?: [^<>]*)?></\1>")
_SPACED = re.compile(rb"<[^<>]*\s/>")


def one_bom(dump: Dump) -> Said:
    for path, content in dump.files.items():
        if not content.startswith(BOM):
            yield path, "no BOM"
        elif BOM in content[3:]:
            yield path, "a second BOM"
        try:
            content.decode("utf-8")
        except UnicodeDecodeError as error:
            yield path, f"not UTF-8: {error}"


def crlf(dump: Dump) -> Said:
    for path, content in dump.files.items():
        if content.count(b"\n") != content.count(b"\r\n") or content.count(b"\r") != content.count(b"\r\n"):
            yield path, "a line does not end in CRLF"
        if path.endswith(".xml") and content.endswith((b"\n", b"\r")):
            yield path, "a newline after the last tag"


def well_formed(dump: Dump) -> Said:
    for path, content in dump.files.items():
        if not path.endswith(".xml"):
            continue
        try:
            etree.fromstring(content.removeprefix(BOM))
        except etree.XMLSyntaxError as error:
            yield path, f"not well-formed: {error}"
        if pair := _EMPTY_PAIR.search(content):
            yield path, f"an empty pair {pair[0].decode(errors='replace')}"
        if spaced := _SPACED.search(content):
            yield path, f"a space before the end of {spaced[0].decode(errors='replace')}"


def one_version(dump: Dump) -> Said:
    roots = (f"{MD}MetaDataObject", f"{FORM}Form", f"{RIGHTS}Rights", f"{SCHEDULE}JobSchedule")
    main = dump.trees.get(dump.root_path)
    expected = main.get("version") if main is not None else None
    if expected not in ("2.13", "2.17"):
        yield dump.root_path, f"format {expected} is not one that we make"
    for path, tree in dump.trees.items():
        if tree.tag not in roots:
            yield path, f"an unknown root {tree.tag}"
        elif tree.get("version") != expected:
            yield path, f"format {tree.get('version')}, the dump is {expected}"


def objects_have_files(dump: Dump) -> Said:
    for kind, name in listed(dump):
        path = path_of(dump, kind, name)
        found = dump.trees.get(path)
        if path not in dump.files:
            yield dump.root_path, f"{kind} {name} is listed, {path} is not there"
        elif found is not None and [etree.QName(one).localname for one in found] != [kind]:
            yield path, f"does not hold one {kind}"
        elif found is not None and found.findtext(f"{MD}{kind}/{MD}Properties/{MD}Name") != name:
            yield path, "is called otherwise inside"


def files_have_objects(dump: Dump) -> Said:
    expected = {dump.root_path}
    for kind, name in listed(dump):
        expected.add(path_of(dump, kind, name))
    for one in dump.objects:
        if one.path in expected:
            base = dump.folder(one)
            parts = (*one.shape.parts, *one.shape.optional_parts)
            expected |= {f"{base}/{part}" if base else part for part in parts}
    for path in dump.files:
        if path not in expected:
            yield path, "belongs to no listed object"


def parts_are_there(dump: Dump) -> Said:
    for one in dump.objects:
        for part in one.shape.parts:
            if f"{dump.folder(one)}/{part}" not in dump.files:
                yield one.path, f"its {part} is not there"


def listed(dump: Dump) -> list[tuple[str, str]]:
    """Kind and name of every object that the root lists."""
    root = dump.root
    if root is None:
        return []
    children = root.element.find(f"{MD}ChildObjects")
    found = [] if children is None else [(etree.QName(one).localname, one.text or "") for one in children]
    return [(kind, name) for kind, name in found if kind in ORDER or kind == "Form"]


def path_of(dump: Dump, kind: str, name: str) -> str:
    """Where the file of an object must lie."""
    folder = KINDS[kind].folder if kind in KINDS else f"{kind}s"
    owner = "" if dump.is_extension else f"{dump.root_path.removesuffix('.xml')}/"
    return f"{owner}{folder}/{name}.xml"
