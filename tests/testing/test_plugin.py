"""The pytest fixtures of the kit, and the reports of failing tests."""

import pytest

pytest_plugins = ["pytester"]


@pytest.fixture
def run(pytester, monkeypatch):
    """Run a test with the kit, without other plugins, and return the report."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")

    def run(test):
        pytester.makepyfile(
            "from rx_phoenix.testing import Says\nimport asyncio, reactivex\n\n" + test
        )
        return pytester.runpytest_inprocess(
            "-p", "rx_phoenix.testing._plugin", "-p", "no:cacheprovider"
        )

    return run


def test_the_fixtures_need_no_import(run):
    result = run(
        """
def test_it(phx, cold, hot, expect):
    expect(cold("-a|")).to_be("-a|")
"""
    )

    result.assert_outcomes(passed=1)


def test_an_async_test_is_refused(run):
    result = run("async def test_it(phx):\n    pass\n")

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            "test_it is an `async def`, which runs on its own loop.",
            "In virtual time a test is a plain `def`: let callbacks await, or call *",
        ]
    )


def test_marbles_that_differ_are_shown_above_each_other(run):
    result = run(
        """
def test_it(phx):
    replies = phx.record(phx.socket.channel("room:1").joined)
    phx.run(server="-oj")
    assert replies == phx.marbles("-j")
"""
    )

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            '>       assert replies == phx.marbles("-j")',
            "E       assert the recording equals the marbles",
            "E             expected  -j-",
            "E             actual    --j",
            "E                        ^",
            "E         at 0.1s",
            "E             expected  j  (J answered ok)",
            "E             actual    nothing",
        ],
        consecutive=True,
    )


def test_it_does_not_matter_which_side_the_marbles_are_on(run):
    result = run(
        """
def test_it(phx):
    replies = phx.record(phx.socket.channel("room:1").joined)
    phx.run(server="-oj")
    assert phx.marbles("-j") == replies
"""
    )

    result.stdout.fnmatch_lines(["E             expected  -j-", "E * actual    --j"])


def test_other_comparisons_are_left_to_pytest(run):
    result = run(
        """
def test_it(phx):
    replies = phx.record(phx.socket.channel("room:1").joined)
    assert replies == [1]

def test_two(phx):
    source = reactivex.of(1)
    assert phx.record(source) != phx.record(source)
"""
    )

    result.assert_outcomes(failed=2)
    result.stdout.no_fnmatch_line("*the recording equals*")


def test_a_failure_points_at_the_test_not_into_the_kit(run):
    result = run('def test_it(phx):\n    phx.run(server="-oq")\n')

    result.stdout.fnmatch_lines(
        [
            '>       phx.run(server="-oq")',
            "E       rx_phoenix.testing.MarbleError: 'q' is not a letter of *",
            "E       ",
            "E           -oq",
            "E             ^",
            "E       the letters are",
            "E           o  open",
            "*",
            "test_*.py:5: MarbleError",
        ]
    )
    result.stdout.no_fnmatch_line("*marbles.py:*")


def test_an_exception_of_the_application_keeps_its_traceback(run):
    result = run(
        """
def broken():
    raise ValueError("mine")

def test_it(phx):
    phx.at(1, broken)
    phx.run(server=" 2s ")
"""
    )

    result.stdout.fnmatch_lines(
        [
            '>       phx.run(server=" 2s ")',
            "*",
            '>       raise ValueError("mine")',
            "E       ValueError: mine",
        ]
    )
    result.stdout.no_fnmatch_line("*asyncio/events.py*")


def left(*lines):
    return ["the test left something behind:", *(f"  - {line}" for line in lines)]


def test_an_unhandled_error_fails_the_test(run):
    result = run(
        """
def test_it(phx):
    channel = phx.socket.channel("room:1")
    channel.on("news", lambda payload: 1 / 0)
    phx.record(channel.joined)
    phx.letters(m=Says("news"))
    phx.run(server="-ojm")
"""
    )

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        left(
            "unhandled: ZeroDivisionError('division by zero'), "
            "raised in test_it.<locals>.<lambda> (test_*.py:7)"
        )
    )


def test_an_error_that_the_test_records_is_handled(run):
    result = run(
        """
def test_it(phx):
    errors = phx.record(phx.socket.unhandled)
    channel = phx.socket.channel("room:1")
    channel.on("news", lambda payload: 1 / 0)
    phx.record(channel.joined)
    phx.letters(m=Says("news"))
    phx.run(server="-ojm")
    assert len(errors) == 1
"""
    )

    result.assert_outcomes(passed=1)


def test_an_unobserved_refusal_fails_the_test(run):
    result = run(
        """
def test_it(phx):
    channel = phx.socket.channel("room:1")
    phx.record(channel.joined)
    phx.at(0.3, lambda: channel.push("ping") and None)
    phx.run(server="-oj-e")
"""
    )

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        left("unhandled: PushRefused(*'error'*), of the push made in test_it*py:*)")
    )


def test_a_refused_push_that_is_kept_fails_the_test_too(run):
    result = run(
        """
pushes = []

def test_it(phx):
    channel = phx.socket.channel("room:1")
    channel.join()
    phx.run(server="-oj")
    pushes.append(channel.push("ping"))
    phx.run(server="-e")
"""
    )

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        left("unhandled: PushRefused(*'error'*), of the push made in test_it*py:*)")
    )


def test_a_lease_that_is_still_held_fails_the_test(run):
    result = run(
        """
class Dashboard:
    def __init__(self, socket):
        socket.channel("room:1").stream("news").subscribe(print)

def test_it(phx):
    Dashboard(phx.socket)
    phx.run(server="-oj")
"""
    )

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        left(
            "a lease is still held: taken in * (rx_phoenix/channel.py:*), "
            "called in Dashboard.__init__ (test_*.py:7)"
        )
    )


def test_a_timer_that_is_still_armed_fails_the_test(run):
    result = run(
        """
def test_it(phx):
    asyncio.get_running_loop().call_later(60, print)
    phx.run(server="-")
"""
    )

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        left("a timer is still armed: print at 60 s, armed in test_it (test_*.py:6)")
    )


def test_a_task_that_still_runs_fails_the_test(run):
    result = run(
        """
async def wait():
    await asyncio.Event().wait()

def test_it(phx):
    phx.at(0, wait)
    phx.run(server="-")
"""
    )

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(left("a task still runs: in wait (test_*.py:6)"))


def test_a_task_that_failed_unseen_fails_the_test(run):
    result = run(
        """
async def fail():
    raise ValueError("mine")

def test_it(phx):
    task = asyncio.get_running_loop().create_task(fail())
    phx.run(server="-")
"""
    )

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        left("unhandled: ValueError('mine'), raised in fail (test_*.py:6)")
    )


TYPO = """
from reactivex import operators as ops

def test_typo(phx):
    phx.letters(a=Says("n", {"i": 1}))
    stream = phx.socket.stream("t", "n").pipe(ops.map(lambda payload: payload["typo"]))
    seen = phx.record(stream)
    phx.run(server="-oja-")
"""


def test_a_recording_with_an_error_that_was_not_read_fails_the_test(run):
    result = run(TYPO)

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        left(
            "unhandled: KeyError('typo'), raised in test_typo.<locals>.<lambda> "
            "(test_*.py:9), ended a recording made in test_typo (test_*.py:10)"
        )
    )


@pytest.mark.parametrize(
    "look", ["isinstance(seen.error, KeyError)", 'seen == phx.marbles("---#")']
)
def test_a_recording_with_an_error_that_was_read_passes(run, look):
    result = run(f"{TYPO}    assert {look}\n")

    result.assert_outcomes(passed=1)


@pytest.mark.parametrize(
    "look", ["seen.values == [1]", 'seen == phx.marbles("--a")', "len(seen) == 2"]
)
def test_a_failed_comparison_shows_the_error_of_the_recording(run, look):
    result = run(f"{TYPO}    assert {look}\n")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["unhandled: KeyError('typo'), raised in test_typo*"])


@pytest.mark.parametrize("look", ["len(seen) == 1", "seen", "not print(seen)"])
def test_that_a_recording_is_not_empty_does_not_show_how_it_ended(run, look):
    result = run(f"{TYPO}    assert {look}\n")

    result.assert_outcomes(passed=1, errors=1)


def test_the_last_moment_of_a_recording_shows_how_it_ended(run):
    result = run(f"{TYPO}    assert seen[-1].notification.error.args == ('typo',)\n")

    result.assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("end", "outcome"),
    [
        ("pytest.skip('not here')", {"skipped": 1}),
        ("pytest.xfail('not yet')", {"xfailed": 1}),
        ("assert False", {"failed": 1}),
    ],
)
def test_a_test_that_was_cut_short_is_not_checked(run, end, outcome):
    result = run(
        f"""
import pytest

def test_it(phx):
    phx.socket.channel("room:1").joined.subscribe()
    phx.run(server="-oj")
    {end}
"""
    )

    result.assert_outcomes(**outcome)


CLOSERS = {
    "a fixture": "room = request.getfixturevalue('left')",
    "what was kept": "room = phx.socket.channel('a'); phx.keep(Leaving(room))",
}


@pytest.mark.parametrize("closer", CLOSERS)
def test_an_error_after_the_end_of_the_test_is_its_fault_no_more(run, closer):
    result = run(
        f"""
import pytest

class Leaving:
    def __init__(self, room):
        self.dispose = room.leave

@pytest.fixture
def left(phx):
    room = phx.socket.channel("a")
    yield room
    room.leave()

def test_it(phx, request):
    {CLOSERS[closer]}
    room.join()
    phx.run(server="-oj")
    phx.record(room.push("x"))
    phx.run(server="-")
"""
    )

    result.assert_outcomes(passed=1)


def test_all_that_was_kept_is_disposed_though_one_raises(run):
    result = run(
        """
class Broken:
    def dispose(self):
        raise ValueError("mine")

def test_it(phx):
    for _ in range(2):
        phx.keep(Broken())
    phx.record(phx.socket.channel("room:1").joined)
"""
    )

    result.assert_outcomes(passed=1, errors=1)
    line = "unhandled: ValueError('mine'), raised in Broken.dispose (test_*.py:7)"
    result.stdout.fnmatch_lines(left(line, line))
    result.stdout.no_fnmatch_line("  - *lease*")


CALLBACKS = {
    "lambda: None": "in test_it.<locals>.<lambda>",
    "lambda _: other.push('x')": "in * (*channel.py:*), called in test_it.*.<lambda>",
    "lambda _: json.loads('x')": "in * (*json/*.py:*), called in test_it.*.<lambda>",
}


@pytest.mark.parametrize("callback", CALLBACKS)
def test_an_unhandled_error_blames_the_line_of_the_test(run, callback):
    result = run(
        f"""
import json

def test_it(phx):
    phx.answers("*J")
    other = phx.socket.channel("room:2")
    channel = phx.socket.channel("room:1")
    channel.on("news", {callback})
    channel.join()
    phx.letters(m=Says("news"))
    phx.run(server="-m")
"""
    )

    line = f"unhandled: *, raised {CALLBACKS[callback]} (test_*.py:11)"
    result.stdout.fnmatch_lines(left(line))


def test_a_part_of_a_test_that_fails_shows_the_errors_of_its_recordings(run):
    result = run(
        """
from rx_phoenix.testing import fresh_phx

def test_it():
    with fresh_phx() as phx:
        seen = phx.record(reactivex.throw(KeyError("typo")))
        assert seen.values == [1]
"""
    )

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*unhandled: KeyError('typo'), ended a recording*"])


def test_a_recording_of_unhandled_errors_has_to_be_read_in_a_strict_test(run):
    result = run(
        """
def test_it(phx):
    phx.strict()
    phx.record(phx.socket.unhandled)
"""
    )

    result.assert_outcomes(passed=1, errors=1)


UNREAD = """
def test_it(phx):
    STRICT
    phx.letters(m=Says("x", 1))
    values = phx.record(phx.socket.stream("a", "x"))
    phx.run(server="-ojmmm")
"""


def test_a_recording_that_was_not_read_passes(run):
    run(UNREAD.replace("STRICT", "")).assert_outcomes(passed=1)


def test_a_recording_that_was_not_read_fails_a_strict_test(run):
    result = run(UNREAD.replace("STRICT", "phx.strict()"))

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        left("a recording was never read: made in test_it (test_*.py:8)")
    )


def test_a_recording_that_was_read_passes_a_strict_test(run):
    test = UNREAD.replace("STRICT", "phx.strict()")

    run(f"{test}    assert values.values == [1, 1, 1]\n").assert_outcomes(passed=1)


def test_every_test_is_strict_by_an_option(run, pytester):
    pytester.makeini("[pytest]\nrx_phoenix_strict = true\n")

    result = run(UNREAD.replace("STRICT", ""))

    result.assert_outcomes(passed=1, errors=1)


def test_a_message_without_a_subscriber_fails_the_test(run):
    result = run(
        """
def test_it(phx):
    phx.record(phx.socket.channel("room:1").joined)
    phx.letters(m=Says("news", {"n": 1}))
    phx.run(server="-ojm")
"""
    )

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        left(
            'no subscriber for m  [[]"1",null,"room:1","news",{"n":1}[]] at 0.3 s, '
            "played in test_it (test_*.py:8)"
        )
    )


def test_a_raw_message_needs_no_subscriber(run):
    result = run(
        """
from rx_phoenix import Message

def test_it(phx):
    phx.letters(m=Message("0", None, "room:1", "news", "of an older join"))
    news = phx.record(phx.socket.channel("room:1").stream("news"))
    phx.run(server="-ojm")
    assert news.values == []
"""
    )

    result.assert_outcomes(passed=1)


def test_an_unobserved_refusal_of_one_test_fails_no_other(run):
    result = run(
        """
import gc

def test_it(phx):
    phx.socket.channel("room:1").join()
    phx.run(server="-or")

def test_another(phx):
    gc.collect()
"""
    )

    result.assert_outcomes(passed=2, errors=1)


LOOKS = {
    "nothing": "",
    "status": "assert join.status == 'error'",
    "outcome": "phx.record(join.outcome)",
    "receive": "join.receive('error', print)",
    "a recording": "assert phx.record(join).error.status == 'error'",
    "joined": "phx.record(channel.joined)",
    "expect_client": "phx.expect_client('*J-')",
    "expect_client of another time": "phx.run(server='--'); "
    "phx.expect_client('-', since=0.3)",
    "a push's outcome": "assert channel.push('x').status is None",
}


@pytest.mark.parametrize("look", LOOKS)
def test_a_refused_join_that_no_assertion_looked_at_fails_with_its_line(run, look):
    result = run(
        f"""
def test_it(phx):
    channel = phx.socket.channel("room:1")
    join = channel.join()
    phx.run(server="-or")
    {LOOKS[look]}
"""
    )

    if look in {"nothing", "expect_client of another time", "a push's outcome"}:
        result.assert_outcomes(passed=1, errors=1)
        result.stdout.fnmatch_lines(
            ["  - unhandled: JoinRefused(*unauthorized*, of the join made *py:7)"]
        )
    else:
        result.assert_outcomes(passed=1)


REJOIN_LOOKS = {
    "nothing": "",
    "the first join": "assert join.status == 'ok'",
    "receive": "join.receive('error', print)",
    "receive of another status": "join.receive('ok', print)",
    "refusals": "phx.record(channel.refusals)",
    "expect_client": "phx.expect_client('*J 1.1s J')",
    "expect_client of another time": "phx.run(server='--'); "
    "phx.expect_client('-', since=1.5)",
}


@pytest.mark.parametrize("look", REJOIN_LOOKS)
def test_a_refused_rejoin_that_no_assertion_looked_at_fails_with_its_line(run, look):
    result = run(
        f"""
def test_it(phx):
    channel = phx.socket.channel("room:1")
    join = channel.join()
    phx.run(server="-ojE 0.9s -r")
    {REJOIN_LOOKS[look]}
"""
    )

    if look in {"receive", "refusals", "expect_client"}:
        result.assert_outcomes(passed=1)
    else:
        result.assert_outcomes(passed=1, errors=1)
        told = "  - unhandled: JoinRefused(*, of a rejoin of the join made *py:7)"
        result.stdout.fnmatch_lines([told])


def test_an_unplugged_socket_fails_the_test_even_if_its_error_is_swallowed(run):
    result = run(
        """
def test_it(phx):
    socket = phx.unplugged
    try:
        socket.channel("room:1")
    except AssertionError:
        pass

def test_untouched(phx):
    assert repr(phx.unplugged) == "<Socket unplugged>"
"""
    )

    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(
        ["  - socket.channel was used, but phx.unplugged must not be: * (*.py:8)"]
    )


def test_a_fixture_of_the_project_takes_the_place_of_ours(pytester):
    pytester.makeconftest("""
        import pytest

        @pytest.fixture
        def expect():
            return "the project's"
    """)
    pytester.makepyfile("""
        def test_it(expect):
            assert expect == "the project's"
    """)

    result = pytester.runpytest_inprocess("-p", "no:asyncio")

    result.assert_outcomes(passed=1)


def test_the_fixtures_can_be_turned_off(pytester):
    pytester.makepyfile("def test_it(phx): pass")

    result = pytester.runpytest_subprocess("-p", "no:rx_phoenix", "-p", "no:asyncio")

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*fixture 'phx' not found*"])
