"""The access token."""

import pytest

from rx_phoenix import UsageError
from rx_phoenix.supabase._token import AccessToken


@pytest.fixture
def changes():
    return []


@pytest.fixture
def make(changes):
    def make(provider):
        token = AccessToken(provider, lambda: changes.append(token.value))
        return token

    return make


def test_a_value_is_what_it_is(changes):
    token = AccessToken("a", lambda: None)

    assert (token.value, token.ask(), token.is_asked) == ("a", "a", False)


def test_a_function_is_asked(make, changes):
    answers = iter(["a", "a", "b"])
    token = make(lambda: next(answers))

    assert (token.value, token.is_asked) == (None, True)
    assert [token.ask(), token.ask(), token.ask()] == ["a", "a", "b"]
    assert changes == ["a", "b"]


async def test_a_coroutine_function_is_awaited(make, changes):
    async def ask():
        return "a"

    token = make(ask)

    assert await token.ask() == "a"
    assert (token.value, changes) == ("a", ["a"])


async def test_an_answer_that_comes_after_another_was_set_is_dropped(make):
    async def ask():
        return "late"

    token = make(ask)
    late = token.ask()
    token.replace(lambda: "new")
    token.ask()

    assert await late == "new"
    assert token.value == "new"


def test_the_first_failure_is_raised(make):
    with pytest.raises(ZeroDivisionError):
        make(lambda: 1 / 0).ask()


@pytest.mark.parametrize("answer", [7, b"a", ["a"]])
def test_an_answer_that_is_not_text_is_a_failure(make, answer):
    with pytest.raises(UsageError, match="access_token must be"):
        make(lambda: answer).ask()


async def test_a_later_failure_leaves_the_old_one(make, caplog):
    answers = ["a"]
    token = make(answers.pop)
    token.ask()

    assert token.ask() == "a"
    assert "IndexError" in caplog.text


async def test_so_does_one_of_a_coroutine(make, caplog):
    answers = ["a"]

    async def ask():
        return answers.pop()

    token = make(ask)
    await token.ask()

    assert await token.ask() == "a"
    assert "the old one stays in force" in caplog.text
