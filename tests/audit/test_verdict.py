"""What an audit says, and whether it fails."""

import json

from scripts.auditing.verdict import verdict

SAFE = {"name": "good", "version": "1.0", "vulns": []}
FLAW = {"id": "PYSEC-1", "fix_versions": ["1.1"]}
UNSAFE = {"name": "bad", "version": "1.0", "vulns": [FLAW]}
UNKNOWN = {"name": "rare", "skip_reason": "not found"}


def judged(*packages):
    return verdict(json.dumps({"dependencies": packages}))


def test_what_is_known_to_be_unsafe_fails_and_is_named():
    answer = judged(SAFE, UNSAFE, UNKNOWN)

    assert answer == (True, "UNSAFE: bad 1.0: PYSEC-1, fixed in 1.1")


def test_nothing_known_passes_and_tells_what_is_unknown():
    answer = judged(SAFE, UNKNOWN)

    assert not answer.is_unsafe
    assert answer.text.endswith("against 1 packages. Unknown to the service: rare.")


def test_a_service_that_knows_no_package_is_no_audit():
    answer = judged(UNKNOWN)

    assert not answer.is_unsafe
    assert answer.text.startswith("NOT AUDITED: ")


def test_a_service_out_of_reach_is_no_audit():
    answer = verdict("", "no such host")

    assert not answer.is_unsafe
    assert answer.text == "NOT AUDITED: the service did not answer: no such host"
