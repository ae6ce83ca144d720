"""A dump in memory: its files, its trees, its objects."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from lxml import etree
from onec.bsl.parser import SyntaxError1C, parse
from onec.bsl.tree import Module
from onec.dump.kinds import KINDS, Kind

MD = "{http://v8.1c.ru/8.3/MDClasses}"
FORM = "{http://v8.1c.ru/8.3/xcf/logform}"
RIGHTS = "{http://v8.1c.ru/8.2/roles}"
SCHEDULE = "{http://v8.1c.ru/8.3/xcf/extrnprops}"
XR = "{http://v8.1c.ru/8.3/xcf/readable}"
V8 = "{http://v8.1c.ru/8.1/data/core}"
XSI = "{http://www.w3.org/2001/XMLSchema-instance}"

BOM = b"\xef\xbb\xbf"
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True)

Element = etree._Element


@dataclass(frozen=True)
class Finding:
    """`rule`: the name of one of `validator.RULES`."""

    rule: str
    path: str
    text: str

    def __str__(self) -> str:
        return f"[{self.rule}] {self.path}: {self.text}"


@dataclass(frozen=True)
class Object:
    """An object of metadata with a file of its own."""

    kind: str
    name: str
    path: str
    element: Element = field(repr=False)

    @property
    def full_name(self) -> str:
        return f"{self.kind}.{self.name}"

    @property
    def shape(self) -> Kind:
        return KINDS[self.kind]

    @property
    def adopted(self) -> bool:
        return self.property("ObjectBelonging") == "Adopted"

    def property(self, name: str) -> str:
        """The text of a property; "" when it is not there."""
        return self.element.findtext(f"{MD}Properties/{MD}{name}") or ""

    def children(self, kind: str) -> list[Element]:
        """Attributes, operations and what else stands within the object's own file."""
        return self.element.findall(f"{MD}ChildObjects/{MD}{kind}")


class Dump:
    """What was read; a file that is not XML has no tree, and only the rule of well-formedness says so."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = dict(files)
        self.trees = {
            path: tree for path, content in files.items() if (tree := _tree(path, content)) is not None
        }
        self.is_extension = "Configuration.xml" in self.files
        self.root_path = "Configuration.xml" if self.is_extension else self._processor_path()
        self.objects = list(self._objects())

    @property
    def root(self) -> Object | None:
        """The extension or the data processor itself."""
        return next((one for one in self.objects if one.path == self.root_path), None)

    def object(self, full_name: str) -> Object | None:
        return next((one for one in self.objects if one.full_name == full_name), None)

    def of_kind(self, kind: str) -> list[Object]:
        return [one for one in self.objects if one.kind == kind]

    def folder(self, one: Object) -> str:
        """Where the parts of an object lie, without a slash at the end."""
        return "" if one.path == "Configuration.xml" else one.path.removesuffix(".xml")

    def module(self, path: str) -> Module | None:
        """The tree of a module; None when it is not there or does not compile."""
        return _module(path, self.files[path]) if path in self.files else None

    def _objects(self) -> list[Object]:
        found = []
        for path, tree in self.trees.items():
            if tree.tag != f"{MD}MetaDataObject" or len(tree) == 0:
                continue
            element = tree[0]
            kind = etree.QName(element).localname
            if kind in KINDS:
                found.append(Object(kind, element.findtext(f"{MD}Properties/{MD}Name") or "", path, element))
        return found

    def _processor_path(self) -> str:
        return next((path for path in self.files if "/" not in path and path.endswith(".xml")), "")


def read(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by its path within it."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@lru_cache(maxsize=256)
def _module(path: str, content: bytes) -> Module | None:
    try:
        return parse(content.decode("utf-8-sig"), path)
    except (SyntaxError1C, UnicodeDecodeError):
        return None


@lru_cache(maxsize=512)
def _tree(path: str, content: bytes) -> Element | None:
    if not path.endswith(".xml"):
        return None
    try:
        return etree.fromstring(content.removeprefix(BOM), _PARSER)
    except etree.XMLSyntaxError:
        return None
