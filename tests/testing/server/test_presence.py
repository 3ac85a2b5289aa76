import json

import pytest

from rx_phoenix.testing._server.presence import ServerPresence
from rx_phoenix.testing._server.topics import Topics
from tests.testing.server.fakes import Subscriber


class Tracked(Subscriber):
    topic = "room:1"

    @property
    def diffs(self):
        return [json.loads(text)[4] for text in self.texts]


@pytest.fixture
def watcher():
    return Tracked()


@pytest.fixture
def presence(watcher):
    topics = Topics()
    topics.subscribe("room:1", watcher)
    return ServerPresence(topics)


def refs(presences):
    return [meta["phx_ref"] for each in presences.values() for meta in each["metas"]]


def test_a_tracked_channel_is_listed_and_broadcast(presence, watcher):
    presence.track(Tracked(), "ann", {"name": "Ann"})

    state = presence.list("room:1")
    assert state["ann"]["metas"][0]["name"] == "Ann"
    assert watcher.diffs == [{"joins": state, "leaves": {}}]
    assert json.loads(watcher.texts[0])[3] == "presence_diff"


def test_each_presence_has_a_unique_ref(presence):
    for _ in range(10):
        presence.track(Tracked(), "ann", {})

    assert len(set(refs(presence.list("room:1")))) == 10


def test_a_second_device_joins_the_key_with_a_diff_of_its_own(presence, watcher):
    presence.track(Tracked(), "ann", {"device": 1})
    presence.track(Tracked(), "ann", {"device": 2})

    assert [m["device"] for m in presence.list("room:1")["ann"]["metas"]] == [1, 2]
    assert [m["device"] for m in watcher.diffs[1]["joins"]["ann"]["metas"]] == [2]


def test_a_channel_cannot_be_tracked_twice_under_a_key(presence):
    channel = Tracked()
    presence.track(channel, "ann", {})

    with pytest.raises(ValueError, match="already tracked"):
        presence.track(channel, "ann", {})


@pytest.mark.parametrize("meta", [{"n": 2}, lambda old: {"n": old["n"] + 1}])
def test_an_update_is_a_leave_and_a_join_in_one_diff(presence, watcher, meta):
    channel = Tracked()
    presence.track(channel, "ann", {"n": 1})
    (old,) = refs(presence.list("room:1"))

    presence.update(channel, "ann", meta)

    diff = watcher.diffs[1]
    (joined,), (left,) = diff["joins"]["ann"]["metas"], diff["leaves"]["ann"]["metas"]
    assert left == {"n": 1, "phx_ref": old}
    assert joined == {"n": 2, "phx_ref": joined["phx_ref"], "phx_ref_prev": old}
    assert joined["phx_ref"] != old
    assert presence.list("room:1")["ann"]["metas"] == [joined]


def test_only_a_tracked_channel_can_be_updated(presence):
    with pytest.raises(LookupError, match="not tracked"):
        presence.update(Tracked(), "ann", {})


def test_untracking_keeps_the_other_presences_of_the_key(presence, watcher):
    phone, laptop = Tracked(), Tracked()
    presence.track(phone, "ann", {"device": "phone"})
    presence.track(laptop, "ann", {"device": "laptop"})

    presence.untrack(phone, "ann")

    assert [m["device"] for m in presence.list("room:1")["ann"]["metas"]] == ["laptop"]
    assert watcher.diffs[2]["joins"] == {}
    assert watcher.diffs[2]["leaves"]["ann"]["metas"][0]["device"] == "phone"


def test_a_channel_that_ends_leaves_every_key_in_one_diff(presence, watcher):
    channel, other = Tracked(), Tracked()
    presence.track(channel, "ann", {})
    presence.track(channel, "bob", {})
    presence.track(other, "cat", {})

    presence.untrack(channel)

    assert list(watcher.diffs[3]["leaves"]) == ["ann", "bob"]
    assert list(presence.list("room:1")) == ["cat"]


def test_untracking_an_untracked_channel_sends_nothing(presence, watcher):
    presence.untrack(Tracked())
    presence.untrack(Tracked(), "ann")

    assert watcher.frames == []
    assert presence.list("room:1") == {}
