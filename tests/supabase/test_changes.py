"""Changes of tables: what a channel asks for, and what it gets."""

import pytest

from rx_phoenix import PayloadError, UsageError
from rx_phoenix.supabase import Binding, Change, ChangesRefused
from rx_phoenix.supabase._changes import Bindings

ALL = Binding(table="messages")
SOME = Binding("INSERT", table="messages", filter="id=eq.1")


def answer(binding, number, **more):
    return {"id": number, **binding.config(), **more}


def message(type_="INSERT", ids=(1,), **more):
    data = {"type": type_, "schema": "public", "table": "messages", **more}
    return {"ids": [*ids], "data": data}


@pytest.fixture
def bindings():
    bindings = Bindings()
    bindings.add(ALL)
    bindings.add(SOME)
    bindings.config()
    return bindings


def test_the_config_has_what_was_asked_for(bindings):
    bindings.add(ALL)

    assert bindings.config() == [
        {"event": "*", "schema": "public", "table": "messages"},
        {
            "event": "INSERT",
            "schema": "public",
            "table": "messages",
            "filter": "id=eq.1",
        },
    ]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({"event": "insert"}, "event must be one of"),
        ({"table": 7}, "table must be text"),
        ({"schema": None}, "schema must be text"),
        ({"filter": ["id=eq.1"]}, "filter must be text"),
    ],
)
def test_what_is_not_text_is_refused(arguments, why):
    with pytest.raises(UsageError, match=why):
        Binding(**arguments)


@pytest.mark.parametrize("more", [{}, {"filter": ""}, {"filter": None}])
def test_the_ids_are_taken_in_order(bindings, more):
    answers = [{**answer(ALL, 1), **more}, answer(SOME, "two")]
    bindings.match({"postgres_changes": answers})

    def emits(binding, ids):
        return bindings.decode(binding, message(ids=ids), dict) is not None

    assert [emits(ALL, [1]), emits(SOME, [1])] == [True, False]
    assert [emits(ALL, ["two"]), emits(SOME, ["two"])] == [False, True]
    assert [emits(ALL, [1, "two"]), emits(SOME, [1, "two"])] == [True, True]


@pytest.mark.parametrize(
    "response",
    [
        {},
        None,
        {"postgres_changes": None},
        {"postgres_changes": []},
        {"postgres_changes": [answer(ALL, 1)]},
        {"postgres_changes": [answer(SOME, 1), answer(ALL, 2)]},
        {"postgres_changes": [answer(ALL, 1), SOME.config()]},
        {"postgres_changes": ["what", "else"]},
    ],
)
def test_an_answer_that_does_not_fit_is_a_refusal(bindings, response):
    bindings.match(response)

    error = bindings.refusal()
    assert type(error) is ChangesRefused
    assert "public.messages (id=eq.1) were refused" in str(error)
    assert bindings.refusal() is not error


def test_a_new_join_forgets_ids_and_refusal(bindings):
    bindings.match({"postgres_changes": [answer(ALL, 1), answer(SOME, 2)]})
    bindings.refuse({}, "not today")
    bindings.begin()

    assert bindings.refusal is None
    assert bindings.decode(ALL, message(ids=[1]), dict) is None


def test_a_change_is_decoded(bindings):
    bindings.match({"postgres_changes": [answer(ALL, 1), answer(SOME, 2)]})
    payload = message(
        "UPDATE",
        record={"id": 1},
        old_record={"id": 0},
        columns=[{"name": "id", "type": "int8"}],
        errors=["Error 413: Payload Too Large"],
        commit_timestamp="2026-01-01T00:00:00.123Z",
    )
    change = bindings.decode(ALL, payload, lambda record: record["id"])

    assert (change.record, change.old_record) == (1, {"id": 0})
    assert change.errors == ("Error 413: Payload Too Large",)
    assert change.columns[0].name == "id"
    assert change.commit_timestamp.year == 2026


@pytest.mark.parametrize(
    ("errors", "read"), [(None, ()), ("one", ("one",)), (["a", "b"], ("a", "b"))]
)
def test_errors_are_words(bindings, errors, read):
    bindings.match({"postgres_changes": [answer(ALL, 1), answer(SOME, 2)]})
    change = bindings.decode(ALL, message(errors=errors), dict)

    assert change == Change("INSERT", "public", "messages", errors=read)


@pytest.mark.parametrize(
    "payload",
    [
        None,
        [],
        {},
        {"ids": [1]},
        {"ids": 1, "data": {}},
        {"ids": [1], "data": {"x": 1}},
    ],
)
def test_what_is_not_a_change_is_a_payload_error(bindings, payload):
    with pytest.raises(PayloadError, match="payload is not a change"):
        bindings.decode(ALL, payload, dict)


def test_what_is_added_after_the_join_was_sent_needs_another_join(bindings):
    late = Binding("DELETE")
    bindings.add(late)

    assert [bindings.needs_join(it) for it in (ALL, late)] == [False, True]
    bindings.begin()
    assert not bindings.needs_join(late)


def test_a_binding_is_part_of_the_joins_until_its_last_stream_has_ended(bindings):
    one, two = bindings.hold(ALL), bindings.hold(ALL)
    one.dispose()
    one.dispose()
    assert ALL.config() in bindings.config()

    two.dispose()
    assert bindings.config() == [SOME.config()]


def test_only_another_set_of_bindings_than_the_refused_one_needs_a_join(bindings):
    held = bindings.hold(ALL)
    bindings.refuse({}, "no")
    assert not bindings.needs_join(SOME)

    held.dispose()
    assert bindings.needs_join(SOME)
