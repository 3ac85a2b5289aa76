"""What is read off this machine."""

import psutil

from rx_phoenix.cli.demo.machine import read


def test_a_reading_is_of_this_machine():
    taken = read(2.0)

    assert taken.every == 2.0
    assert len(taken.cores) == psutil.cpu_count()
    assert 0 < taken.memory < taken.memory_total


def test_counters_never_shrink():
    before, after = read(1.0), read(1.0)

    assert after.at >= before.at
    assert after.received >= before.received
    assert after.disk_written >= before.disk_written


def test_a_machine_without_network_and_disk_has_moved_nothing(monkeypatch):
    monkeypatch.setattr(psutil, "net_io_counters", lambda: None)
    monkeypatch.setattr(psutil, "disk_io_counters", lambda: None)

    taken = read(1.0)

    assert (taken.received, taken.sent) == (0, 0)
    assert (taken.disk_read, taken.disk_written) == (0, 0)
