"""What is read off this machine."""

import os
from types import SimpleNamespace

import psutil

from rx_phoenix_demo.machine import busiest, read
from rx_phoenix_demo.reading import Process


async def test_a_reading_is_of_this_machine():
    taken = await read(2.0)

    assert taken.every == 2.0
    assert len(taken.cores) == psutil.cpu_count()
    assert 0 < taken.memory < taken.memory_total


async def test_counters_never_shrink():
    before, after = await read(1.0), await read(1.0)

    assert after.at >= before.at
    assert after.received >= before.received
    assert after.disk_written >= before.disk_written


async def test_a_machine_without_network_and_disk_has_moved_nothing(monkeypatch):
    monkeypatch.setattr(psutil, "net_io_counters", lambda: None)
    monkeypatch.setattr(psutil, "disk_io_counters", lambda: None)

    taken = await read(1.0)

    assert (taken.received, taken.sent) == (0, 0)
    assert (taken.disk_read, taken.disk_written) == (0, 0)


def test_the_busiest_programs_come_first():
    found = busiest(1000)

    assert os.getpid() in {process.pid for process in found}
    assert [p.cpu for p in found] == sorted((p.cpu for p in found), reverse=True)


def test_there_are_no_more_programs_than_asked_for():
    assert len(busiest(1)) == 1


def test_a_program_that_may_not_be_looked_at_is_there_all_the_same(monkeypatch):
    hidden = {"name": None, "cpu_percent": None, "memory_info": None}
    process = SimpleNamespace(pid=7, info=hidden)
    monkeypatch.setattr(psutil, "process_iter", lambda _: [process])

    assert busiest(9) == [Process(7, "", 0.0, 0)]
