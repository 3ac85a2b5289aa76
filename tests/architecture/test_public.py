"""The public modules are few, and all of them are meant."""

PUBLIC = {
    "rx_phoenix",
    "rx_phoenix.blocking",
    "rx_phoenix.channel",
    "rx_phoenix.errors",
    "rx_phoenix.operators",
    "rx_phoenix.policy",
    "rx_phoenix.presence",
    "rx_phoenix.push",
    "rx_phoenix.socket",
    "rx_phoenix.stats",
    "rx_phoenix.supabase",
    "rx_phoenix.supabase.blocking",
    "rx_phoenix.telemetry",
    "rx_phoenix.testing",
    "rx_phoenix.testing.strategies",
    "rx_phoenix.testing.supabase",
}


def test_only_the_modules_that_are_meant_are_public(modules):
    public = {name for name in modules if "._" not in name}

    assert public == PUBLIC


def test_there_are_fewer_than_20_public_modules():
    assert len(PUBLIC) < 20
