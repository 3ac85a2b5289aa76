"""News of alarms, in words."""

from rx_phoenix._cli.demo.journal import alarm_news
from rx_phoenix._cli.demo.pipelines import Alarm
from rx_phoenix._cli.events import Kind, News

CPU = Alarm("cpu", value=93.4, since=0)
MEMORY = Alarm("memory", value=90, since=0)


def test_an_alarm_is_news_when_it_begins_and_when_it_ends(cold, expect):
    alarms = cold(
        "-o-c-b-m-o", {"o": (), "c": (CPU,), "b": (CPU, MEMORY), "m": (MEMORY,)}
    )

    expect(alarm_news(alarms)).to_be(
        "---a-b-c-d",
        {
            "a": News(Kind.BAD, "Alarm: cpu is at 93 %."),
            "b": News(Kind.BAD, "Alarm: memory is at 90 %."),
            "c": News(Kind.GOOD, "The alarm about cpu is over."),
            "d": News(Kind.GOOD, "The alarm about memory is over."),
        },
    )


def test_alarms_that_were_on_from_the_start_are_news(cold, expect):
    expect(alarm_news(cold("a", {"a": (CPU, MEMORY)}))).to_be(
        "(ab)",
        {
            "a": News(Kind.BAD, "Alarm: cpu is at 93 %."),
            "b": News(Kind.BAD, "Alarm: memory is at 90 %."),
        },
    )
