"""The log: sentences about the connection and the alarms."""

from rx_phoenix_demo.log import Level, LogEntry, alarm_entries
from rx_phoenix_demo.pipelines import Alarm

CPU = Alarm("cpu", value=93.4, since=0)
MEMORY = Alarm("memory", value=90, since=0)


def test_an_alarm_is_logged_when_it_begins_and_when_it_ends(cold, expect):
    alarms = cold(
        "-o-c-b-m-o", {"o": (), "c": (CPU,), "b": (CPU, MEMORY), "m": (MEMORY,)}
    )

    expect(alarm_entries(alarms)).to_be(
        "---a-b-c-d",
        {
            "a": LogEntry(Level.BAD, "Alarm: cpu is at 93 %."),
            "b": LogEntry(Level.BAD, "Alarm: memory is at 90 %."),
            "c": LogEntry(Level.GOOD, "The alarm about cpu is over."),
            "d": LogEntry(Level.GOOD, "The alarm about memory is over."),
        },
    )


def test_alarms_that_were_on_from_the_start_are_logged(cold, expect):
    expect(alarm_entries(cold("a", {"a": (CPU, MEMORY)}))).to_be(
        "(ab)",
        {
            "a": LogEntry(Level.BAD, "Alarm: cpu is at 93 %."),
            "b": LogEntry(Level.BAD, "Alarm: memory is at 90 %."),
        },
    )
