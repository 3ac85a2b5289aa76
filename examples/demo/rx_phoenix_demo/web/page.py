"""The page of one browser: Bokeh's models, filled from a snapshot."""

from collections.abc import Callable

from bokeh.document import Document
from bokeh.models import CustomJS, Div, InlineStyleSheet, RadioButtonGroup
from jinja2 import Environment

from rx_phoenix import Reply
from rx_phoenix_demo.backend import Backend
from rx_phoenix_demo.badge import Status
from rx_phoenix_demo.downtime import Downtime
from rx_phoenix_demo.pipelines import Figures
from rx_phoenix_demo.snapshot import Snapshot
from rx_phoenix_demo.web import fragments
from rx_phoenix_demo.web.charts import Chart, Line
from rx_phoenix_demo.web.policy import NONCE
from rx_phoenix_demo.web.style import COLOURS, CONTROLS, FRAGMENTS, LIGHT, PAGE

__all__ = ["RATES", "Page"]

RATES = {"½ s": 0.5, "1 s": 1.0, "2 s": 2.0, "5 s": 5.0}
"""The rates on the page's buttons, in seconds."""

FADED = 0.4
"""Opacity of the charts while their figures are old."""

RELOAD = """
document.body.classList.add("lost")
document.title = "gone · rx_phoenix"
const any = new URL("static/js/bokeh.min.js", location.href)
const attempt = () => fetch(any, {cache: "no-store", method: "HEAD"})
  .then((answer) => answer.ok ? location.reload() : Promise.reject(answer))
  .catch(() => setTimeout(attempt, 1000))
setTimeout(attempt, 1000)
"""
"""JavaScript that reloads the page once a lost dashboard is back."""

THEME = """
const media = matchMedia("(prefers-color-scheme: light)")
const apply = () => {
  const colours = media.matches ? light : dark
  for (const axis of axes) axis.major_label_text_color = colours.quiet
  for (const grid of grids) grid.grid_line_color = colours.grid
}
media.addEventListener("change", apply)
apply()
document.querySelector("main").classList.remove("waiting")
"""
"""JavaScript that colours the charts as the system prefers, once they are there."""


class Page:
    """The page of one browser.

    All methods must be called from the document's own callbacks.

    Args:
        document: Bokeh's document, still empty.
        backend: The server.
        request_rate: Called with the rate that the user selects, in seconds.
    """

    def __init__(
        self,
        document: Document,
        backend: Backend,
        request_rate: Callable[[float], None],
    ) -> None:
        self._document = document
        self._request_rate = request_rate
        self._every = 0.0
        self._cores = 0
        self._texts = {name: fragment(name) for name in TEXTS}
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
        self._rate.on_change("active", self._selected)
        document.title = title_of(Status.CONNECTING)
        document.template = Environment(autoescape=True).from_string(PAGE)
        document.template_variables.update(
            url=backend.public_url,
            topic=backend.topic,
            colours=COLOURS,
            light=LIGHT,
            nonce=NONCE,
        )
        # Bokeh's own reconnect asks for a session that a new dashboard does not have.
        document.config.reconnect_session = False
        document.config.notify_connection_status = False
        document.js_on_event("connection_lost", CustomJS(code=RELOAD))
        plots = [chart.plot for chart in self._charts.values()]
        theme = {
            "axes": [axis for plot in plots for axis in plot.axis],
            "grids": [grid for plot in plots for grid in plot.ygrid],
            "dark": COLOURS,
            "light": LIGHT,
        }
        document.js_on_event("document_ready", CustomJS(args=theme, code=THEME))
        for root in (*self._texts.values(), *plots, self._rate):
            document.add_root(root)

    def show(self, snapshot: Snapshot, now: float, diagnosis: str = "") -> None:
        """Show a snapshot.

        Args:
            snapshot: The values.
            now: The scheduler's time.
            diagnosis: The socket's diagnosis.
        """
        figures = snapshot.figures
        self._title(snapshot.badge.status)
        shown = {
            "badge": fragments.badge_pill(snapshot.badge, now, diagnosis),
            "tiles": fragments.tiles(snapshot),
            "alarms": fragments.alarm_list(figures.alarms if figures else ()),
            "watchers": fragments.watcher_list(snapshot.watchers),
            "log": fragments.log_list(snapshot.log),
            "processes": fragments.process_table(figures.reading if figures else None),
        }
        for name, lines in LINES.items():
            shown[f"{name}_now"] = fragments.legend(
                lines,
                figures,
                is_percentage=name in PERCENTAGES,
                others=[CORE] if name == "processor" else [],
            )
        for name, text in shown.items():
            self._texts[name].text = text
        opacity = 1.0 if snapshot.badge.status is Status.LIVE else FADED
        for chart in self._charts.values():
            chart.fade(opacity)
        self._texts["processes"].styles = {"opacity": f"{opacity:g}"}
        if figures is not None:
            self._draw(figures, snapshot.downtimes)

    def show_reply(self, reply: Reply | None, elapsed: float) -> None:
        """Show the reply to a request for a rate; None while it is pending."""
        self._texts["answer"].text = fragments.answer_line(reply, elapsed)

    def _title(self, status: Status) -> None:
        """Show the state in the tab's title."""
        title = title_of(status)
        if self._document.title != title:
            self._document.title = title

    def _draw(self, figures: Figures, downtimes: tuple[Downtime, ...]) -> None:
        processor = self._charts["processor"]
        for core in range(self._cores, len(figures.reading.cores)):
            processor.add(f"core {core}", CORE)
            self._cores += 1
        for chart in self._charts.values():
            chart.show(figures, downtimes)
        self._every = figures.reading.every
        rates = list(RATES.values())
        known = self._every in rates
        self._rate.active = rates.index(self._every) if known else None

    def _selected(self, _: str, __: int | None, active: int | None) -> None:
        """Request the rate of a pressed button; ignore a change made by `_draw`."""
        rate = None if active is None else list(RATES.values())[active]
        if rate is not None and rate != self._every:
            self._request_rate(rate)


CORE = Line("quiet", "each core", width=0.8)

LINES = {
    "processor": {
        "cpu": Line("blue", "all cores", fill=0.15),
        "average": Line("warm", "average of 5 readings"),
    },
    "memory": {"memory": Line("calm", "in use", fill=0.2)},
    "network": {
        "received": Line("blue", "received", fill=0.15),
        "sent": Line("calm", "sent"),
    },
    "disk": {
        "read": Line("blue", "read", fill=0.15),
        "written": Line("hot", "written"),
    },
}
"""The lines of each chart."""

HEIGHTS = {"processor": 250, "memory": 300, "network": 180, "disk": 180}
"""Height of each chart in pixels."""

PERCENTAGES = {"processor", "memory"}
"""The charts with a scale from 0 to 100."""

TEXTS = (
    *("badge", "tiles", "answer", "alarms", "watchers", "log", "processes"),
    *(f"{name}_now" for name in LINES),
)
"""Names of the text fragments in the template."""


def title_of(status: Status) -> str:
    """Return the title of the tab; the state comes first, as tabs are narrow.

    >>> title_of(Status.LIVE)
    'live · rx_phoenix'
    """
    return f"{status} · rx_phoenix"


def fragment(name: str) -> Div:
    """Create an empty text fragment."""
    return Div(
        name=name,
        margin=0,
        sizing_mode="stretch_width",
        stylesheets=[InlineStyleSheet(css=FRAGMENTS)],
    )
