"""Reads a query text against known tables: a name that does not exist is refused at once."""

from onec.bsl.tree import same
from onec.run.infobase.query import tree
from onec.run.infobase.query.expressions import Expressions, Tables, limited
from onec.run.objects import Unsupported


def parse(text: str, tables: Tables) -> tree.Query:
    """Raises Unsupported for everything that is not understood, names included."""
    return _Parser(text, tables).query()


class _Parser(Expressions):
    def query(self) -> tree.Query:
        self._must("ВЫБРАТЬ")
        self._take("РАЗРЕШЕННЫЕ")
        distinct, first = False, None
        while self._is("РАЗЛИЧНЫЕ") or self._is("ПЕРВЫЕ"):
            if self._take("РАЗЛИЧНЫЕ"):
                distinct = True
            else:
                self._at += 1
                first = int(self._kind("number").text)
        fields_at = self._at
        self._skip_to("ИЗ")
        sources = self._sources()
        after, self._at = self._at, fields_at
        columns = [self._column()]
        while self._sign(","):
            columns.append(self._column())
        if not self._is("ИЗ"):
            self._refuse()
        self._at = after
        where = self._expression() if self._take("ГДЕ") else None
        if where is not None and tree.aggregated(where):
            raise Unsupported("запрос: агрегатная функция в ГДЕ")
        groups = self._groups()
        orders = self._orders(columns)
        if self._word.kind != "end":
            self._refuse()
        _check_groups(columns, groups)
        if distinct:
            for one in columns:
                limited(one.value)
        return tree.Query(
            columns=tuple(columns),
            sources=sources,
            where=where,
            groups=groups,
            orders=orders,
            first=first,
            distinct=distinct,
        )

    # --- clauses

    def _column(self) -> tree.Column:
        value = self._expression()
        if self._take("КАК"):
            return tree.Column(self._name(), value)
        if not isinstance(value, tree.Field):
            raise Unsupported("запрос: выражение без псевдонима")
        return tree.Column("".join(value.path), value)

    def _sources(self) -> tuple[tree.Source, ...]:
        self._must("ИЗ")
        found = [self._source("")]
        while True:
            kind = next((one for one in ("ЛЕВОЕ", "ВНУТРЕННЕЕ") if self._is(one)), "")
            if not kind and not self._is("СОЕДИНЕНИЕ"):
                return tuple(found)
            self._at += bool(kind)
            if kind == "ЛЕВОЕ":
                self._take("ВНЕШНЕЕ")
            self._must("СОЕДИНЕНИЕ")
            joined = self._source(kind or "ВНУТРЕННЕЕ")
            self._must("ПО")
            found.append(tree.Source(joined.table, joined.alias, joined.join, self._expression()))

    def _source(self, join: str) -> tree.Source:
        steps = [self._name()]
        while self._sign("."):
            steps.append(self._name())
        table = ".".join(steps)
        alias = self._name() if self._take("КАК") else steps[-1]
        if self._tables.fields_of(table) is None:
            raise Unsupported(f"запрос: таблица не найдена ({table})")
        if any(same(alias, one) for one in self._aliases):
            raise Unsupported(f"запрос: псевдоним {alias} дважды")
        self._aliases[alias] = table
        return tree.Source(table, alias, join)

    def _groups(self) -> tuple[tree.Expression, ...]:
        if not self._take("СГРУППИРОВАТЬ"):
            return ()
        self._must("ПО")
        found = [limited(self._expression())]
        while self._sign(","):
            found.append(limited(self._expression()))
        return tuple(found)

    def _orders(self, columns: list[tree.Column]) -> tuple[tree.Order, ...]:
        if not self._take("УПОРЯДОЧИТЬ"):
            return ()
        self._must("ПО")
        found = [self._order(columns)]
        while self._sign(","):
            found.append(self._order(columns))
        return tuple(found)

    def _order(self, columns: list[tree.Column]) -> tree.Order:
        """By a column of the result, whose alias is looked for first, or by a field."""
        column, value = -1, None
        if self._word.kind == "name" and self._words[self._at + 1].text != ".":
            name = self._word.text
            column = next((i for i, one in enumerate(columns) if same(one.name, name)), -1)
        if column >= 0:
            self._at += 1
            limited(columns[column].value)
        else:
            value = limited(self._expression())
        descending = self._take("УБЫВ")
        if not descending:
            self._take("ВОЗР")
        return tree.Order(column, value, descending)


def _check_groups(columns: list[tree.Column], groups: tuple[tree.Expression, ...]) -> None:
    if not groups and not any(tree.aggregated(one.value) for one in columns):
        return
    for one in columns:
        if (
            not tree.aggregated(one.value)
            and one.value not in groups
            and not isinstance(one.value, tree.Literal | tree.Parameter)
        ):
            raise Unsupported(f"запрос: поле не входит в группу ({one.name})")
