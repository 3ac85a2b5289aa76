import pytest

from rx_phoenix.testing._server.query import decode_query


@pytest.mark.parametrize(
    ("query", "params"),
    [
        ("", {}),
        ("a=1&b=2", {"a": "1", "b": "2"}),
        ("a=1&a=2", {"a": "2"}),
        ("a", {"a": ""}),
        ("a=", {"a": ""}),
        ("&&a=1&", {"a": "1"}),
        ("a=b=c", {"a": "b=c"}),
        ("a%20b=J%C3%B6rg+B", {"a b": "Jörg B"}),
        ("a[b]=1&a[c]=2", {"a": {"b": "1", "c": "2"}}),
        ("a[b][c]=1", {"a": {"b": {"c": "1"}}}),
        ("a[]=1&a[]=2", {"a": ["1", "2"]}),
        ("a%5B%5D=1", {"a": ["1"]}),
        ("a[b][]=1", {"a": {"b": ["1"]}}),
        ("a=1&a[b]=2", {"a": {"b": "2"}}),
        ("a=1&a[]=2", {"a": ["2"]}),
    ],
)
def test_a_query_is_nested_as_plug_nests_it(query, params):
    assert decode_query(query) == params
