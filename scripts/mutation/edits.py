"""Small changes to a module that its tests should notice.

Left alone is what people or type checkers read: messages, logs, docstrings,
representations, annotations; and assertions.
"""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

__all__ = ["Edit", "edits"]

OPPOSITES: dict[type[ast.AST], type[Any]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.Pow: ast.Mult,
}

TEXTUAL = (
    "Cancelled",
    "Conflict",
    "Crashed",
    "Error",
    "Lost",
    "Overrun",
    "Refused",
    "Timeout",
)
"""How the names of errors end, whose arguments people read."""

READ = frozenset(
    {"TypeVar", "__all__", "__repr__", "__slots__", "__str__", "cast", "getLogger"}
)
"""The names of what is not for the program."""

WIDTH = 70
"""How many characters of the code are shown."""

PLAIN = ast.Expr | ast.Assign | ast.AugAssign | ast.AnnAssign
"""Statements whose order may matter."""


@dataclass
class Edit:
    """One change.

    Attributes:
        where: The class and function that it is in, such as ``Push.send``.
        lines: The lines of the statement that is changed, or of its head.
        what: What is changed.
        make: Changes the tree.
    """

    where: str
    lines: range
    what: str
    make: Callable[[], object]


def edits(tree: ast.Module) -> Iterator[Edit]:
    """Every change, each to be made to a tree of its own."""
    yield from below(tree, "", range(1))


def below(node: ast.AST, where: str, lines: range) -> Iterator[Edit]:
    """The changes of a node and of all that is in it."""
    if isinstance(node, ast.stmt):
        lines = head(node)
    if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        where = f"{where}.{node.name}".lstrip(".")
    yield from (Edit(where, lines, what, make) for what, make in of(node))
    for block in (getattr(node, "body", None), getattr(node, "orelse", None)):
        if isinstance(block, list):
            yield from orders(block, where)
    for child in program_of(node):
        if not is_read(child):
            yield from below(child, where, lines)


def program_of(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes directly in a node, but for types, bases and decorators."""
    unread = {"annotation", "returns", "decorator_list", "bases"}
    for name, value in ast.iter_fields(node):
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and name not in unread:
                yield child


def head(statement: ast.stmt) -> range:
    """The lines of a statement, without those of a block in it."""
    end = statement.end_lineno or statement.lineno
    block = [*getattr(statement, "body", []), *getattr(statement, "cases", [])][:1]
    if block:
        first = block[0].pattern if isinstance(block[0], ast.match_case) else block[0]
        end = max(statement.lineno, first.lineno - 1)
    return range(statement.lineno, end + 1)


def is_read(node: ast.AST) -> bool:
    """Whether people or type checkers read it, rather than the program."""
    match node:
        case ast.JoinedStr() | ast.Assert() | ast.Raise() | ast.Expr(ast.Constant()):
            is_one = True
        case ast.FunctionDef(name=name, decorator_list=decorators):
            is_one = name in READ or "overload" in map(ast.unparse, decorators)
        case ast.ClassDef(bases=bases):
            is_one = "Protocol" in map(ast.unparse, bases)
        case ast.Assign(targets=[ast.Name(name)]):
            is_one = name in READ
        case ast.Call(ast.Name(name)):
            is_one = name in READ or name.endswith(TEXTUAL)
        case ast.Call(ast.Attribute(ast.Name("log"))):
            is_one = True
        case _:
            is_one = False
    return is_one


def of(  # noqa: C901, PLR0912 - one kind of node, one case
    node: ast.AST,
) -> Iterator[tuple[str, Callable[[], object]]]:
    """The changes of a node itself."""
    match node:
        case ast.Constant(value=bool() | int() | float() | str() | bytes() as value):
            other = changed(value)
            yield f"{value!r} -> {other!r}", lambda: setattr(node, "value", other)
        case ast.Compare(ops=ops):
            for index, op in enumerate(ops):
                if type(op) in OPPOSITES:
                    yield (
                        flipped(node, op),
                        lambda i=index, o=op: ops.__setitem__(i, OPPOSITES[type(o)]()),
                    )
        case ast.BoolOp(op=op) | ast.BinOp(op=op) | ast.AugAssign(op=op) if (
            type(op) in OPPOSITES
        ):
            yield flipped(node, op), lambda: setattr(node, "op", OPPOSITES[type(op)]())
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield (
                f"without the not of {shown(node)}",
                lambda: setattr(node, "operand", ast.UnaryOp(ast.Not(), operand)),
            )
        case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test):
            if not isinstance(test, ast.UnaryOp | ast.Compare):
                yield (
                    f"not if {shown(test)}",
                    lambda: setattr(node, "test", ast.UnaryOp(ast.Not(), test)),
                )
        case ast.Return(value=ast.expr() as value) if not is_nothing(value):
            yield (
                f"returns None, not {shown(value)}",
                lambda: setattr(node, "value", ast.Constant(None)),
            )
        case ast.Expr(value=ast.Call() | ast.Await() as value):
            yield (
                f"without {shown(value)}",
                lambda: setattr(node, "value", ast.Constant(None)),
            )
        case ast.Dict(keys=keys, values=values):
            for index, key in enumerate(keys):
                if key is not None:
                    yield (
                        f"without the entry {shown(key)}",
                        lambda i=index: (
                            keys.pop(i),
                            values.pop(i),
                        ),
                    )
        case ast.Set(elts=elements) if len(elements) > 1:
            for index, element in enumerate(elements):
                yield (
                    f"without the element {shown(element)}",
                    lambda i=index: elements.pop(i),
                )
        case _:
            pass


def orders(block: list[ast.stmt], where: str) -> Iterator[Edit]:
    """The neighbours in a block whose order may matter."""
    for index, (one, other) in enumerate(pairwise(block)):
        if may_swap(one, other):
            yield Edit(
                where,
                range(one.lineno, (other.end_lineno or other.lineno) + 1),
                f"{shown(other)} before {shown(one)}",
                lambda i=index: block.insert(i, block.pop(i + 1)),
            )


def may_swap(one: ast.stmt, other: ast.stmt) -> bool:
    """Whether both do something, and the second needs no name that the first sets."""
    both = one, other
    if not all(isinstance(each, PLAIN) and not is_read(each) for each in both):
        return False
    is_call = [isinstance(each, ast.Expr) for each in both]
    names = [node for node in ast.walk(one) if isinstance(node, ast.Name)]
    stored = {name.id for name in names if isinstance(name.ctx, ast.Store)}
    used = {node.id for node in ast.walk(other) if isinstance(node, ast.Name)}
    return any(is_call) and all(map(has_call, both)) and not stored & used


def has_call(statement: ast.stmt) -> bool:
    """Whether a statement calls anything: the order of mere assignments is free."""
    return any(isinstance(node, ast.Call | ast.Await) for node in ast.walk(statement))


def changed(value: Any) -> Any:
    """Another value of the same type."""
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case str():
            return f"{value}X"
        case _:
            return value + b"X"


def flipped(node: ast.AST, op: ast.AST) -> str:
    """Says that an operator became its opposite."""
    opposite = OPPOSITES[type(op)].__name__
    return f"{type(op).__name__} -> {opposite} in {shown(node)}"


def is_nothing(node: ast.expr) -> bool:
    """Whether an expression is None, or False, which is as good."""
    return isinstance(node, ast.Constant) and node.value in {None, False}


def shown(node: ast.AST) -> str:
    """A node in one line."""
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 1]}…"
