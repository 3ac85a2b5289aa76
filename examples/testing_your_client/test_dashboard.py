"""The dashboard, on a connection that comes and goes."""

import pytest

from examples.testing_your_client.dashboard import Dashboard
from rx_phoenix.testing import Phx, Says


@pytest.fixture
def dashboard(phx: Phx) -> Dashboard:
    phx.letters(m=Says("price", {"price": 42.5}), n=Says("price", {"price": 43.0}))
    return phx.keep(Dashboard(phx.socket, "ACME"))


def test_it_is_stale_within_40_s_of_silence_and_live_after_the_rejoin(phx: Phx) -> None:
    dashboard = phx.keep(Dashboard(phx.socket, "ACME"))
    phx.run(server="-oj")
    assert dashboard.status == "live"
    phx.run(server=" 40s ")
    assert dashboard.status == "stale"
    phx.run(server="oj")
    assert dashboard.status == "live"


def test_it_shows_the_latest_price(phx: Phx, dashboard: Dashboard) -> None:
    phx.run(server="-ojm")
    assert dashboard.price == 42.5

    phx.run(server="n")
    assert dashboard.price == 43.0


def test_the_last_price_stays_while_the_server_is_away(
    phx: Phx, dashboard: Dashboard
) -> None:
    phx.run(server="-ojm-#")

    assert (dashboard.status, dashboard.price) == ("stale", 42.5)


def test_a_crash_on_the_server_is_an_outage_of_a_second(
    phx: Phx, dashboard: Dashboard
) -> None:
    phx.run(server="-ojE")
    assert dashboard.status == "stale"

    phx.run(server=" 0.9s j")
    assert dashboard.status == "live"
    phx.expect_client("*J 1.1s J")


def test_disposing_it_leaves_the_channel(phx: Phx, dashboard: Dashboard) -> None:
    phx.at(0.4, dashboard.dispose)
    phx.run(server="-oj--l")

    phx.expect_client("*J--L!")
