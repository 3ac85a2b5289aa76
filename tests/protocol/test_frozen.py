import copy
import json
import pickle

import msgspec
import pytest
from hypothesis import given

from rx_phoenix._protocol.frozen import FrozenDict, FrozenList, drop, freeze, put
from tests import strategies

VALUE = {"metas": [{"n": 1}, None, "text"], "deep": {"list": [[]]}}

CHANGES_OF_A_DICT = {
    "item": lambda value: value.__setitem__("a", 1),
    "del": lambda value: value.__delitem__("a"),
    "|=": lambda value: value.__ior__({"a": 1}),
    "clear": lambda value: value.clear(),
    "pop": lambda value: value.pop("a", None),
    "popitem": lambda value: value.popitem(),
    "setdefault": lambda value: value.setdefault("b", 1),
    "update": lambda value: value.update(b=1),
}
CHANGES_OF_A_LIST = {
    "item": lambda value: value.__setitem__(0, 1),
    "del": lambda value: value.__delitem__(0),
    "+=": lambda value: value.__iadd__([1]),
    "*=": lambda value: value.__imul__(2),
    "append": lambda value: value.append(1),
    "clear": lambda value: value.clear(),
    "extend": lambda value: value.extend([1]),
    "insert": lambda value: value.insert(0, 1),
    "pop": lambda value: value.pop(),
    "remove": lambda value: value.remove(1),
    "reverse": lambda value: value.reverse(),
    "sort": lambda value: value.sort(),
}


@pytest.mark.parametrize(
    "change", CHANGES_OF_A_DICT.values(), ids=CHANGES_OF_A_DICT.keys()
)
def test_a_frozen_dict_cannot_be_changed(change):
    value = FrozenDict(a=1)

    with pytest.raises(TypeError, match=r"FrozenDict cannot be changed.*copy\(\)"):
        change(value)
    assert value == {"a": 1}


@pytest.mark.parametrize(
    "change", CHANGES_OF_A_LIST.values(), ids=CHANGES_OF_A_LIST.keys()
)
def test_a_frozen_list_cannot_be_changed(change):
    value = FrozenList([1, 2])

    with pytest.raises(TypeError, match=r"FrozenList cannot be changed.*copy\(\)"):
        change(value)
    assert value == [1, 2]


@given(strategies.json)
def test_what_is_frozen_equals_what_it_was(value):
    assert freeze(value) == value
    assert value == freeze(value)
    assert repr(freeze(value)) == repr(value)


def test_all_of_it_is_frozen():
    frozen = freeze(VALUE)

    assert type(frozen) is type(frozen["deep"]) is type(frozen["metas"][0])
    assert type(frozen["metas"]) is type(frozen["deep"]["list"][0]) is FrozenList


def test_freezing_leaves_the_original_as_it_is():
    value = {"metas": [{"n": 1}]}
    frozen = freeze(value)
    value["metas"][0]["n"] = 2
    value["metas"].append(3)

    assert frozen == {"metas": [{"n": 1}]}


def test_what_is_frozen_already_stays_the_same_object():
    frozen = freeze(VALUE)

    assert freeze(frozen) is frozen
    assert freeze({"a": frozen})["a"] is frozen


@pytest.mark.parametrize("value", [None, True, 1, 1.5, "text", b"bytes"])
def test_a_scalar_is_frozen_by_nature(value):
    assert freeze(value) is value


@pytest.mark.parametrize("value", [FrozenDict(a=1), FrozenList([1])])
def test_a_copy_of_ones_own_can_be_changed(value):
    changeable = value.copy()

    changeable.clear()
    assert not changeable
    assert value


@pytest.mark.parametrize(
    "copied",
    [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))],
    ids=["copy", "deepcopy", "pickle"],
)
def test_it_stays_frozen_on_its_travels(copied):
    again = copied(freeze(VALUE))

    assert again == VALUE
    assert type(again) is FrozenDict
    assert type(again["metas"]) is FrozenList


def test_it_is_json():
    frozen = freeze(VALUE)

    assert json.loads(json.dumps(frozen)) == VALUE
    assert msgspec.json.decode(msgspec.json.encode(frozen)) == VALUE
    assert type(msgspec.to_builtins(frozen)["metas"]) is list


def test_its_maker_can_change_a_draft():
    draft = FrozenDict(a=1, b=2)

    put(draft, "c", 3)
    drop(draft, "a")

    assert draft == {"b": 2, "c": 3}
    with pytest.raises(TypeError):
        draft["d"] = 4
