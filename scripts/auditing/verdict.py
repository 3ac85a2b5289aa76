"""What pip-audit's answer means: unsafe, safe, or not known."""

import json
from typing import NamedTuple

__all__ = ["Verdict", "verdict"]


class Verdict(NamedTuple):
    """What is known.

    Attributes:
        is_unsafe: Whether something is known to be wrong.
        text: What to tell.
    """

    is_unsafe: bool
    text: str


def verdict(answer: str, complaint: str = "") -> Verdict:
    """Judge an answer in JSON; anything else came from a service out of reach.

    pip-audit says that nothing is known of packages that its service does not know
    either, so that its own verdict counts for nothing where all are unknown.

    Args:
        answer: What pip-audit printed.
        complaint: What it printed besides, for the case that it gave no answer.

    >>> verdict("", "Failed to resolve 'pypi.org'").text
    "NOT AUDITED: the service did not answer: Failed to resolve 'pypi.org'"
    """
    try:
        packages = json.loads(answer)["dependencies"]
    except ValueError:
        text = f"NOT AUDITED: the service did not answer: {complaint}"
        return Verdict(is_unsafe=False, text=text)
    found = [
        f"UNSAFE: {package['name']} {package['version']}: {flaw['id']}, fixed in "
        f"{', '.join(flaw['fix_versions']) or 'no version yet'}"
        for package in packages
        for flaw in package.get("vulns", ())
    ]
    unknown = [package["name"] for package in packages if "vulns" not in package]
    known = len(packages) - len(unknown)
    if found:
        return Verdict(is_unsafe=True, text="\n".join(found))
    if not known:
        return Verdict(
            is_unsafe=False,
            text=f"NOT AUDITED: the service knows none of the {len(unknown)} packages, "
            "as behind a mirror that has no more than their files.",
        )
    text = f"Nothing is known against {known} packages."
    if unknown:
        text += f" Unknown to the service: {', '.join(unknown)}."
    return Verdict(is_unsafe=False, text=text)
