"""A reading, as it travels."""

import msgspec
import pytest

from rx_phoenix_demo.reading import Reading


def test_a_reading_survives_the_wire(reading):
    taken = reading(1.5, cores=(1.0, 2.0))

    assert msgspec.json.decode(msgspec.json.encode(taken), type=Reading) == taken


@pytest.mark.parametrize("figures", [{"cores": []}, {"memory_total": 0}, {"every": 0}])
def test_a_reading_that_cannot_be_drawn_is_not_one(reading, figures):
    payload = {**msgspec.to_builtins(reading()), **figures}

    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(payload, Reading)
