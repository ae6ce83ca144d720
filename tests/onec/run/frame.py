"""One run of one method: its statements."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

from onec.bsl import tree
from onec.run import values
from onec.run.asynchrony import Promise
from onec.run.errors import ErrorInfo, at_place
from onec.run.expressions import Expressions
from onec.run.objects import OnecError, PlatformObject, Unsupported, Value
from onec.run.reference import Reference


class _Signal:
    """Why a block ended before its end."""

    def __init__(self, value: Value = None) -> None:
        self.value = value


BREAK = _Signal()
CONTINUE = _Signal()


class Frame(Expressions):
    """Runs a body with its local variables."""

    def run(self) -> Value:
        ended = self.block(self.body)
        return ended.value if ended is not None else None

    def block(self, statements: tuple[tree.Statement, ...]) -> _Signal | None:
        for statement in statements:
            self.interpreter.step()
            try:
                ended = self.statement(statement)
            except OnecError as error:
                at_place(error, self.running.name, statement.place.line)
                raise
            if ended is not None:
                return ended
        return None

    def statement(self, node: tree.Statement) -> _Signal | None:
        match node:
            case tree.Assign():
                self.assign(node.target, self.value(node.value))
            case tree.Do():
                self.do(node.call)
            case tree.If():
                return self.branch(node)
            case tree.While():
                return self.loop_while(node)
            case tree.ForRange():
                return self.loop_range(node)
            case tree.ForEach():
                return self.loop_each(node)
            case tree.Try():
                return self.attempt(node)
            case tree.Return():
                return _Signal(None if node.value is None else self.value(node.value))
            case tree.Raise():
                self.throw(node)
            case tree.Break():
                return BREAK
            case tree.Continue():
                return CONTINUE
            case tree.Variables():
                pass
            case _:
                raise Unsupported(f"statement {type(node).__name__}")
        return None

    def do(self, node: tree.Call | tree.Await) -> None:
        if isinstance(node, tree.Await):
            self.value(node)
            return
        made = self.call(node, as_function=False)
        if isinstance(made, Promise) and made.error is not None:
            self.interpreter.unheard.append(made.error)

    def branch(self, node: tree.If) -> _Signal | None:
        for one in node.branches:
            if values.to_boolean(self.value(one.condition)):
                return self.block(one.body)
        return self.block(node.otherwise) if node.otherwise is not None else None

    def loop_while(self, node: tree.While) -> _Signal | None:
        while values.to_boolean(self.value(node.condition)):
            self.interpreter.step()
            ended = self.block(node.body)
            if ended is BREAK:
                break
            if ended is not None and ended is not CONTINUE:
                return ended
        return None

    def loop_range(self, node: tree.ForRange) -> _Signal | None:
        counter = self.variable(node.name)
        counter.value = values.to_number(self.value(node.first))
        last = values.to_number(self.value(node.last))
        while counter.value <= last:
            self.interpreter.step()
            ended = self.block(node.body)
            if ended is BREAK:
                break
            if ended is not None and ended is not CONTINUE:
                return ended
            counter.value = values.to_number(counter.value) + Decimal(1)
        return None

    def loop_each(self, node: tree.ForEach) -> _Signal | None:
        items = self.value(node.items)
        if not isinstance(items, PlatformObject):
            raise OnecError("Итератор для значения не определен")
        variable = self.variable(node.name)
        for item in items.iterate():
            self.interpreter.step()
            variable.value = item
            ended = self.block(node.body)
            if ended is BREAK:
                break
            if ended is not None and ended is not CONTINUE:
                return ended
        return None

    def attempt(self, node: tree.Try) -> _Signal | None:
        try:
            return self.block(node.body)
        except OnecError as error:
            with self._handling(error):
                return self.block(node.handler)

    @contextmanager
    def _handling(self, error: OnecError) -> Iterator[None]:
        self.interpreter.handled.append(error)
        try:
            yield
        finally:
            self.interpreter.handled.pop()

    def throw(self, node: tree.Raise) -> None:
        handled = self.interpreter.handled
        if node.value is None:
            if not handled:
                raise Unsupported("ВызватьИсключение without a value outside a handler")
            raise handled[-1]
        thrown = self.value(node.value)
        if isinstance(thrown, ErrorInfo):
            raise Unsupported("ВызватьИсключение of ИнформацияОбОшибке")
        # no cause, even in a handler: to name one is what 8.3.21 added a parameter for
        raise OnecError(values.to_text(thrown))

    def assign(self, target: tree.Name | tree.Member | tree.Index, value: Value) -> None:
        match target:
            case tree.Name():
                context = self.context_property(target.name)
                if context is not None:
                    context.set(target.name, value)
                else:
                    self.variable(target.name).value = value
            case tree.Member():
                self.object(target.of, target.name).set(target.name, value)
            case tree.Index():
                owner = self.value(target.of)
                if not isinstance(owner, PlatformObject):
                    raise OnecError("Получение элемента по индексу для значения не определено")
                owner.index_set(self.value(target.index), value)

    def variable(self, name: str) -> Reference:
        """The variable a name is assigned to; made when it is new."""
        key = name.casefold()
        if key in self.locals:
            return self.locals[key]
        if key in self.running.variables:
            return self.running.variables[key]
        return self.locals.setdefault(key, Reference())
