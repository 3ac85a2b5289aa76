"""A daemon thread that calls functions one at a time."""

import threading

import pytest

from rx_phoenix.blocking._worker import Worker


@pytest.fixture
def worker():
    worker = Worker("worker under test")
    yield worker
    worker.stop(5)


def test_calls_are_served_in_order_by_one_daemon_thread(worker):
    served = []

    def serve(n):
        served.append(n)
        return threading.current_thread()

    ran = {worker.submit(serve, n).result(5) for n in range(3)}

    [only] = ran
    assert (only.daemon, only.name, served) == (True, "worker under test", [0, 1, 2])


def test_a_call_that_raises_does_not_end_the_thread(worker):
    with pytest.raises(ZeroDivisionError):
        worker.submit(lambda: 1 / 0).result(5)

    assert worker.submit(int, "7").result(5) == 7


@pytest.mark.parametrize("end", [KeyboardInterrupt, SystemExit, StopIteration])
def test_an_exception_that_would_end_the_loop_is_the_cause_of_another(worker, end):
    def fail():
        raise end("at once")

    with pytest.raises(RuntimeError, match="at once") as raised:
        worker.submit(fail).result(5)
    assert isinstance(raised.value.__cause__, end)


def test_a_cancelled_call_is_skipped(worker):
    going = threading.Event()
    first = worker.submit(going.wait, 5)
    second = worker.submit(pytest.fail)
    second.cancel()
    going.set()

    assert first.result(5)
    assert worker.submit(int).result(5) == 0


def test_the_calls_that_wait_are_served_before_the_end(worker):
    last = [worker.submit(int, n) for n in range(3)][-1]
    worker.stop(5)

    assert last.result(0) == 2


def test_it_can_end_itself(worker):
    worker.submit(worker.stop, 5).result(5)
