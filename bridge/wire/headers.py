"""Headers of an answer, by name without case."""

from collections.abc import Iterable, Iterator, Mapping


class Headers(Mapping[str, str]):
    """Of several with one name the values are joined by commas, as RFC 9110, 5.3 reads them."""

    __slots__ = ("_values",)

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        values: dict[str, str] = {}
        for name, value in pairs:
            lower = name.lower()
            values[lower] = f"{values[lower]}, {value}" if lower in values else value
        self._values = values

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def get(self, name: str, default: str = "") -> str:  # type: ignore[override]
        return self._values.get(name.lower(), default)


def media_of(headers: Mapping[str, str]) -> str:
    return headers.get("Content-Type", "").partition(";")[0].strip().lower()


def announced(headers: Mapping[str, str]) -> int:
    """The promised length of a body, 0 when none is."""
    length = headers.get("Content-Length", "")
    return int(length) if length.isascii() and length.isdigit() and len(length) < 19 else 0
