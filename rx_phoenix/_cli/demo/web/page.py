"""What one browser sees: Bokeh's models, and how a scene fills them."""

from collections.abc import Callable

from bokeh.document import Document
from bokeh.models import CustomJS, Div, InlineStyleSheet, RadioButtonGroup
from jinja2 import Template

from rx_phoenix._cli.demo.badge import Mood
from rx_phoenix._cli.demo.pipelines import Figures
from rx_phoenix._cli.demo.scene import Scene
from rx_phoenix._cli.demo.stage import Stage
from rx_phoenix._cli.demo.web import pieces
from rx_phoenix._cli.demo.web.charts import Chart, Line
from rx_phoenix._cli.demo.web.style import COLOURS, CONTROLS, PAGE, PIECES
from rx_phoenix._protocol.message import Reply

__all__ = ["RATES", "Page"]

RATES = {"½ s": 0.5, "1 s": 1.0, "2 s": 2.0, "5 s": 5.0}
"""The rates that the page lets one choose from, in seconds."""

FADED = 0.4
"""How much of the charts shows while they are old."""

COME_BACK = """
document.body.classList.add("lost")
const any = new URL("static/js/bokeh.min.js", location.href)
const attempt = () => fetch(any, {cache: "no-store", method: "HEAD"})
  .then((answer) => answer.ok ? location.reload() : Promise.reject(answer))
  .catch(() => setTimeout(attempt, 1000))
setTimeout(attempt, 1000)
"""
"""What a browser does whose dashboard is gone."""


class Page:
    """The page of one browser.

    Everything here is called by the document's own callbacks.

    Args:
        document: Bokeh's document, empty as yet.
        stage: Where the readings come from.
        ask: Called with the rate that somebody chose, in seconds.
    """

    def __init__(
        self, document: Document, stage: Stage, ask: Callable[[float], None]
    ) -> None:
        self._ask = ask
        self._every = 0.0
        self._cores = 0
        self._texts = {name: piece(name) for name in PLACES}
        self._charts = {
            name: Chart(name, height, is_percentage=name in PERCENTAGES)
            for name, height in HEIGHTS.items()
        }
        for name, lines in LINES.items():
            for figure, line in lines.items():
                self._charts[name].add(figure, line)
        self._rate = RadioButtonGroup(
            name="rate",
            labels=list(RATES),
            margin=(2, 0, 6, 0),
            stylesheets=[InlineStyleSheet(css=CONTROLS)],
        )
        self._rate.on_change("active", self._chosen)
        document.title = "rx_phoenix, live"
        document.template = Template(PAGE)
        document.template_variables.update(
            url=stage.public_url, topic=stage.topic, colours=COLOURS
        )
        # Bokeh would come back to a session that a new dashboard does not have.
        document.config.reconnect_session = False
        document.config.notify_connection_status = False
        document.js_on_event("connection_lost", CustomJS(code=COME_BACK))
        plots = [chart.plot for chart in self._charts.values()]
        for root in (*self._texts.values(), *plots, self._rate):
            document.add_root(root)

    def show(self, scene: Scene, now: float, diagnosis: str = "") -> None:
        """Show what is to be seen.

        Args:
            scene: What is to be seen.
            now: The scheduler's time.
            diagnosis: Why the connection does as it does.
        """
        figures = scene.figures
        shown = {
            "badge": pieces.badge_pill(scene.badge, now, diagnosis),
            "tiles": pieces.tiles(scene),
            "alarms": pieces.alarm_list(figures.alarms if figures else ()),
            "watchers": pieces.watcher_list(scene.watchers),
            "news": pieces.news_list(scene.news),
            "processes": pieces.process_table(figures.reading if figures else None),
        }
        for name, lines in LINES.items():
            shown[f"{name}_now"] = pieces.legend(
                lines, figures, is_percentage=name in PERCENTAGES
            )
        for name, text in shown.items():
            self._texts[name].text = text
        opacity = 1.0 if scene.badge.mood is Mood.LIVE else FADED
        for chart in self._charts.values():
            chart.fade(opacity)
        self._texts["processes"].styles = {"opacity": f"{opacity:g}"}
        if figures is not None:
            self._draw(figures)

    def show_answer(self, reply: Reply | None, elapsed: float) -> None:
        """Show what came of a wish; None while that is open."""
        self._texts["answer"].text = pieces.answer_line(reply, elapsed)

    def _draw(self, figures: Figures) -> None:
        processor = self._charts["processor"]
        for core in range(self._cores, len(figures.reading.cores)):
            processor.add(f"core {core}", CORE)
            self._cores += 1
        for chart in self._charts.values():
            chart.show(figures)
        self._every = figures.reading.every
        rates = list(RATES.values())
        known = self._every in rates
        self._rate.active = rates.index(self._every) if known else None

    def _chosen(self, _: str, __: int | None, active: int | None) -> None:
        """Somebody pressed a button, or the rate changed by itself."""
        rate = None if active is None else list(RATES.values())[active]
        if rate is not None and rate != self._every:
            self._ask(rate)


CORE = Line(COLOURS["quiet"], width=0.8)

LINES = {
    "processor": {
        "cpu": Line(COLOURS["blue"], "all cores", fill=0.15),
        "average": Line(COLOURS["warm"], "average of 5"),
    },
    "memory": {"memory": Line(COLOURS["calm"], "in use", fill=0.2)},
    "network": {
        "received": Line(COLOURS["blue"], "received", fill=0.15),
        "sent": Line(COLOURS["calm"], "sent"),
    },
    "disk": {
        "read": Line(COLOURS["blue"], "read", fill=0.15),
        "written": Line(COLOURS["hot"], "written"),
    },
}
"""What each chart shows."""

HEIGHTS = {"processor": 250, "memory": 300, "network": 180, "disk": 180}
"""How high each chart is, in pixels."""

PERCENTAGES = {"processor", "memory"}
"""The charts that go from 0 to 100."""

PLACES = (
    *("badge", "tiles", "answer", "alarms", "watchers", "news", "processes"),
    *(f"{name}_now" for name in LINES),
)
"""What the template calls the pieces of text."""


def piece(name: str) -> Div:
    """A place for text on the page."""
    return Div(
        name=name,
        margin=0,
        sizing_mode="stretch_width",
        stylesheets=[InlineStyleSheet(css=PIECES)],
    )
