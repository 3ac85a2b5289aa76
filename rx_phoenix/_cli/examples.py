"""Examples of the commands, for their ``--help``; one a line."""

from collections.abc import Mapping

__all__ = ["EXAMPLES"]

URL = "ws://127.0.0.1:4000/socket"

EXAMPLES: Mapping[str, str] = {
    "listen": f"""
rx-phoenix listen {URL} room:lobby
rx-phoenix listen {URL} room:a room:b --wait
rx-phoenix listen {URL} room:lobby -e tick -n 3 -q
""",
    "push": f"""
rx-phoenix push {URL} room:lobby echo '{{"n": 1}}'
jq -c '.[]' all.json | rx-phoenix push {URL} room:lobby echo -
""",
    "request": f"""
rx-phoenix request {URL} room:lobby echo '{{"n": 1}}'
rx-phoenix request {URL} room:lobby ok --attempts 2 --timeout 3
""",
    "presence": f"""
rx-phoenix presence {URL} presence:lobby -p user_id=jo
rx-phoenix presence {URL} presence:lobby --follow
""",
    "record": f"""
rx-phoenix record {URL} room:lobby --to tape.jsonl
rx-phoenix record {URL} room:a room:b --seconds 60
""",
    "replay": """
rx-phoenix replay tape.jsonl
rx-phoenix replay tape.jsonl --speed 0 -e tick
""",
    "lane": """
rx-phoenix lane tape.jsonl > test_outage.py
""",
    "bench": f"""
rx-phoenix bench {URL} room:lobby echo --pushes 5000
""",
    "doctor": f"""
rx-phoenix doctor {URL}
rx-phoenix doctor {URL} --topic room:lobby --token env:TOKEN
""",
    "shell": f"""
rx-phoenix shell {URL}
printf 'join room:lobby\\npush room:lobby echo\\n' | rx-phoenix shell {URL}
""",
    "serve": """
rx-phoenix serve
rx-phoenix serve --port 0 --origin https://app.example
""",
    "simulate": """
rx-phoenix simulate
rx-phoenix simulate --seed 7 --seeds 1
""",
    "demo": """
rx-phoenix demo --seconds 30
""",
}
"""The examples, by command."""
