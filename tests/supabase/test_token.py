"""The access token."""

import asyncio

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


@pytest.fixture
def gate():
    return asyncio.Event()


@pytest.fixture
def asked():
    return []


async def several(token, count=3):
    """As many joins at the same time; what each got."""

    async def join():
        answer = token.ask()
        return await answer

    return await asyncio.gather(*[join() for _ in range(count)], return_exceptions=True)


async def test_joins_at_the_same_time_share_a_question(make, asked):
    async def ask():
        asked.append(1)
        await asyncio.sleep(0)
        return f"token {len(asked)}"

    token = make(ask)

    assert await several(token) == ["token 1"] * 3
    assert await several(token) == ["token 2"] * 3


async def test_they_share_its_failure(make, asked):
    async def ask():
        asked.append(1)
        await asyncio.sleep(0)
        raise OSError("down")

    failures = await several(make(ask))

    assert [type(failure) for failure in failures] == [OSError] * 3
    assert len(asked) == 1


async def test_they_share_the_old_token_after_a_failure(make, asked):
    async def ask():
        asked.append(1)
        await asyncio.sleep(0)
        if len(asked) > 1:
            raise OSError("down")
        return "old"

    token = make(ask)
    await several(token)

    assert await several(token) == ["old"] * 3
    assert len(asked) == 2


async def test_who_waits_for_a_question_that_is_cancelled_asks(make, asked, gate):
    async def ask():
        asked.append(1)
        if len(asked) == 1:
            await gate.wait()
        return "second"

    token = make(ask)
    first = asyncio.ensure_future(token.ask())
    await asyncio.sleep(0)
    second = asyncio.ensure_future(token.ask())
    await asyncio.sleep(0)
    first.cancel()

    assert await second == "second"
    await asyncio.wait([first])
