"""Asks the index about everything that is installed: ``scripts/audit``."""

import subprocess
import sys
from pathlib import Path

from scripts.auditing.verdict import verdict

PATIENCE = 5
"""Seconds for one request to the service."""


def main() -> None:
    """Audit the packages of one environment."""
    (environment,) = sys.argv[1:]
    (packages,) = Path(environment).glob("lib/python*/site-packages")
    command = (
        *(sys.executable, "-m", "pip_audit", "--path", str(packages)),
        *("--skip-editable", "--format", "json", "--progress-spinner", "off"),
        *("--timeout", str(PATIENCE)),
    )
    asked = subprocess.run(  # noqa: S603 - our own
        command, capture_output=True, check=False, text=True
    )
    answer = verdict(asked.stdout, asked.stderr.strip().rpartition("\n")[2])
    print(answer.text)
    sys.exit(answer.is_unsafe)


if __name__ == "__main__":
    main()
