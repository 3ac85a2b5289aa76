"""What one observer heard, and what was reported."""

import pytest


class Log(list):
    """What one observer heard."""

    def subscribe_to(self, stream, **options):
        return stream.subscribe(
            self.append,
            lambda error: self.append(("error", str(error))),
            lambda: self.append("completed"),
            **options,
        )


@pytest.fixture
def log():
    return Log()


@pytest.fixture
def other():
    return Log()


@pytest.fixture
def reported():
    return []
