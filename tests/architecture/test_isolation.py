"""One function decides which exceptions of users' functions are contained."""

import ast

import pytest

ELSEWHERE = {
    "rx_phoenix._cli": "a command ends with its exception",
    "rx_phoenix.testing": "a server of its own, and failures for a test to show",
}
"""The packages in which a user's function is not isolated from others."""

HANDED_OVER = {
    "rx_phoenix._streams.calls": "the exception is raised in the thread that called",
    "rx_phoenix.blocking._thread": "likewise",
    "rx_phoenix.blocking._worker": "likewise, by the callback that awaits",
}
"""The modules that pass an exception on as it is, whatever it is."""


def caught(handler):
    """The names that an ``except`` catches; the widest of all without any."""
    if handler.type is None:
        return {"BaseException"}
    return {node.id for node in ast.walk(handler.type) if isinstance(node, ast.Name)}


def passes_on(handler):
    """Whether it raises again what it caught, or another exception because of it."""
    match handler.body[-1]:
        case ast.Raise(exc=None):
            return True
        case ast.Raise(cause=ast.Name(id=name)):
            return name == handler.name and "BaseException" not in caught(handler)
        case _:
            return False


def decides(handler):
    """Whether it asks the one function that decides."""
    return any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "contained"
        for node in ast.walk(handler)
    )


def faults(nodes):
    """The lines of handlers that decide by themselves."""
    for handler in nodes:
        if isinstance(handler, ast.ExceptHandler):
            names = caught(handler)
            if (names & {"Exception", "BaseException"} and not passes_on(handler)) or (
                "ISOLATED" in names and not decides(handler)
            ):
                yield handler.lineno


def isolates(name):
    return name not in HANDED_OVER and not name.startswith(tuple(ELSEWHERE))


def test_no_module_decides_by_itself_which_exceptions_are_contained(sources):
    found = {
        name: [*faults(source.nodes)]
        for name, source in sources.items()
        if isolates(name)
    }

    assert {name: lines for name, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    "handler",
    [
        "except Exception: pass",
        "except: pass",
        "except ISOLATED as error: log(error)",
        "except BaseException as error: raise TypeError from error",
        "except Exception: raise TypeError from None",
    ],
)
def test_the_check_finds_a_handler_that_decides_by_itself(handler):
    assert [*faults(ast.walk(ast.parse(f"try:\n    call()\n{handler}\n")))] == [3]


@pytest.mark.parametrize(
    "handler",
    [
        "except BaseException:\n    close()\n    raise",
        "except ISOLATED as error:\n    report(contained(error))",
        "except Exception as error:\n    raise TypeError from error",
        "except ValueError:\n    pass",
    ],
)
def test_the_check_accepts_one_that_does_not(handler):
    assert [*faults(ast.walk(ast.parse(f"try:\n    call()\n{handler}\n")))] == []
