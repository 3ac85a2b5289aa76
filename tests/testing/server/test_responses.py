import gzip

from rx_phoenix.testing._server import responses


def test_text_is_private_by_default():
    private = responses.text(404, "not found")
    fresh = responses.text(200, headers={"Cache-Control": "no-store"})

    assert (private.status, private.text) == (404, "not found")
    assert private.headers["Cache-Control"] == responses.PRIVATE
    assert fresh.headers["Cache-Control"] == "no-store"


def test_json_has_its_keys_sorted():
    response = responses.json({"b": 1, "a": "ü"})

    assert response.body == '{"a":"ü","b":1}'.encode()
    assert response.headers["Content-Type"] == "application/json; charset=utf-8"
    assert "Content-Encoding" not in response.headers


def test_json_can_be_gzipped():
    response = responses.json([1], is_zipped=True)

    assert gzip.decompress(response.body) == b"[1]"
    assert response.headers["Content-Encoding"] == "gzip"


def test_a_crash_has_a_generic_body():
    response = responses.crashed({"Access-Control-Allow-Origin": "*"})

    assert response.status == 500
    assert response.body == b'{"error":"Internal Server Error"}'
    assert response.headers["Access-Control-Allow-Origin"] == "*"
