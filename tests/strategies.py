"""One strategy for each value of the protocol."""

from hypothesis import strategies as st

from rx_phoenix._protocol.message import Message

refs = st.none() | st.integers(1, 10**9).map(str)
topics = st.sampled_from(["room:1", "room:lobby", "phoenix"]) | st.text(max_size=40)
events = st.sampled_from(["new_msg", "phx_reply", "phx_close"]) | st.text(max_size=20)

json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
"""What a payload may be: lists and null as well as objects."""

not_finite = st.sampled_from([float("nan"), float("inf"), float("-inf")])

messages = st.builds(Message, refs, refs, topics, events, json)

short = st.text(max_size=60)
"""What a field of a binary frame can say: at most 255 bytes."""

binary_messages = st.builds(
    Message, st.none() | short, st.none() | short, short, short, st.binary()
)


def _frame(kind, fields, payload):
    encoded = [field.encode() for field in fields]
    return bytes([kind, *map(len, encoded)]) + b"".join(encoded) + payload


@st.composite
def binary_frames(draw):
    """A binary frame as a server sends it, and the message that it is."""
    kind = draw(st.sampled_from(["push", "reply", "broadcast"]))
    join_ref, ref, topic, event = (draw(short) for _ in range(4))
    payload = draw(st.binary())
    if kind == "push":
        frame = _frame(0, [join_ref, topic, event], payload)
        return frame, Message(join_ref or None, None, topic, event, payload)
    if kind == "reply":
        frame = _frame(1, [join_ref, ref, topic, event], payload)
        answer = {"status": event, "response": payload}
        return frame, Message(join_ref or None, ref or None, topic, "phx_reply", answer)
    frame = _frame(2, [topic, event], payload)
    return frame, Message(None, None, topic, event, payload)


metas = st.fixed_dictionaries(
    {"phx_ref": st.sampled_from("abcdef")}, optional={"n": st.integers(0, 3)}
)

presences = st.dictionaries(
    st.sampled_from(["u1", "u2", "u3", "__proto__"]),
    st.fixed_dictionaries(
        {
            "metas": st.lists(
                metas, min_size=1, max_size=3, unique_by=lambda meta: meta["phx_ref"]
            )
        },
        optional={"user": st.integers(0, 3)},
    ),
)

diffs = st.fixed_dictionaries({"joins": presences, "leaves": presences})
