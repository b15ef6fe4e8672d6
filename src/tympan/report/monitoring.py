"""How the page of `hear` shows what `monitor` answers, and the training report its scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tympan.report import charts
from tympan.report.any_evaluation import table
from tympan.report.charts import Line, Mark, Plot, Tick, path
from tympan.report.classification import Headline, headline_part, nothing_parts
from tympan.report.page import percent
from tympan.report.parts import (
    AnswerParts,
    EvaluationParts,
    Part,
    Scored,
    Shown,
    register,
    register_evaluation,
)
from tympan.report.player import data_address
from tympan.report.sections import Fact, moment
from tympan.report.tracks import Span, track
from tympan.tasks.monitor.evaluation import MonitorEvaluation
from tympan.tasks.results import Anomaly

if TYPE_CHECKING:
    from tympan.tasks.monitor.departures import Close, Departures

# A band that is so many standard deviations off has the full colour.
_FULL = 6.0
# Normal is dark; louder than normal goes to yellow, quieter to light blue.
_NORMAL, _LOUDER, _QUIETER = (0.09, 0.11, 0.13), (1.0, 0.82, 0.25), (0.35, 0.75, 1.0)
_POINTS = 600
# Beyond it a score is extrapolated far from all that was recorded.
_MOST_DRAWN = 10.0


@register(Anomaly)
def parts(shown: Shown[Anomaly]) -> AnswerParts:
    """Whether and when it sounds unusual, where in frequency, and how normal sounds beside it."""
    answer = shown.answer
    if shown.nothing or not answer.timeline:
        return nothing_parts(shown) if shown.nothing else AnswerParts()
    spans = []
    top = max((one.score for one in answer.alarms), default=1.0)
    for one in answer.alarms:
        text = f"score {one.score:.1f}" + (f", {one.where}" if one.where else "")
        spans.append(Span(one.start_s, one.end_s, "unusual", None, text, one.score / top))
    tracks = [track("Unusual", spans, shown.duration_s)] if spans else []
    departures: Departures | None = getattr(shown.session, "departures", None)
    values: dict[str, Any] = {
        "chart": score_chart(answer, shown.duration_s),
        "picture": None,
        "cards": [],
        "key": shown.key,
        "playable": shown.playable,
    }
    if departures is not None:
        values["picture"] = _picture(departures, shown.duration_s)
        rate_hz = shown.session.model.rate_hz
        values["cards"] = [_card(one, rate_hz) for one in departures.close if len(one.normal)]
    section = Part("hear_departures.html.j2", values)
    return AnswerParts([headline_part(shown, headline_of(answer))], tracks, [section])


def headline_of(answer: Anomaly) -> Headline:
    """Normal or not, and what that rests on.

    >>> headline_of(Anomaly("a.wav", 3.5, 2.0, ())).best
    'sounds unusual'
    """
    rate = _rate(answer)
    alarms = answer.alarms
    if not answer.anomalous:
        lead = f"Score {answer.score:.1f}.{rate}"
        if alarms:
            lead = (
                f"Score {answer.score:.1f}: {len(alarms)} short stretches lie above the threshold, "
                f"as few as chance makes in a recording of this length.{rate}"
            )
        return Headline("sounds normal", True, lead)
    lead = f"Score {answer.score:.1f}: {_rarity(answer.score)}.{rate}"
    if alarms:
        worst = max(alarms, key=lambda one: one.score)
        where = f", {worst.where}" if worst.where else ""
        lead += f" Strangest from {moment(worst.start_s)} to {moment(worst.end_s)}{where}."
    return Headline("sounds unusual", True, lead)


def _rate(answer: Anomaly) -> str:
    """What the threshold lets pass of a normal machine, as a sentence."""
    if answer.false_alarms is None:
        return ""
    share = percent(answer.false_alarms, 2)
    text = f" The threshold, {answer.threshold:.1f}, is set for {share} of false alarms"
    if answer.false_alarm_interval is not None:
        low, high = answer.false_alarm_interval
        text += f"; the true share is, 95 % sure, between {percent(low, 2)} and {percent(high, 2)}"
    return f"{text}."


def _rarity(score: float) -> str:
    """A score in words.

    >>> _rarity(3.0), _rarity(9.0)
    ('as rare as one in 1,000 while all is normal', 'nothing like it was among the normal sounds')
    """
    if score > 5:
        return "nothing like it was among the normal sounds"
    return f"as rare as one in {round(10**score, 1 - int(score)):,.0f} while all is normal"


def score_chart(answer: Anomaly, duration_s: float) -> Plot:
    """The score over time with its threshold."""
    steps = answer.timeline
    size = -(-len(steps) // _POINTS)
    groups = [steps[i : i + size] for i in range(0, len(steps), size)]
    highest = max(one.score for one in steps)
    top = max(1.3 * answer.threshold, min(_MOST_DRAWN, 1.05 * highest), 1.0)
    whole = max(duration_s, steps[-1].end_s, 1e-6)
    x, y = [], []
    for group in groups:
        high = min(top, max(one.score for one in group))
        x += [group[0].start_s / whole, group[-1].end_s / whole]
        y += [high / top, high / top]
    limit = answer.threshold / top
    lines = [
        Line(path(np.array([0, 1]), np.array([limit, limit])), "guide"),
        Line(path(np.array(x), np.array(y))),
    ]
    step = max(1, int(top // 5))
    ticks = [Tick(round(100 * v / top, 2), f"{v:g}") for v in range(0, int(top) + 1, step)]
    return Plot(
        alt=f"Score over time; the threshold is {answer.threshold:.1f}",
        lines=lines,
        x_ticks=charts.time_ticks(whole),
        y_ticks=ticks,
        x_label="Time (s)",
        y_label="Score",
        marks=[],
        caption="2 is as rare as one in a hundred normal seconds, 3 one in a thousand; the "
        "dashed line is the threshold."
        + (f" Scores above {_MOST_DRAWN:g} are drawn there." if highest > top else ""),
    )


def _picture(departures: Departures, duration_s: float) -> dict[str, Any] | None:
    """What is louder and what quieter than normal, over time and frequency."""
    z, edges = departures.picture()
    if not z.shape[1]:
        return None
    columns = min(1200, max(z.shape[1], 400))
    at = np.linspace(0, max(duration_s, edges[-1]), columns, endpoint=False)
    which = np.clip(np.searchsorted(edges, at, side="right") - 1, 0, z.shape[1] - 1)
    bands = departures.bands_hz
    return {
        "image": charts.photo(coloured(np.repeat(z[:, which], 3, axis=0))),
        "x_ticks": charts.time_ticks(max(duration_s, float(edges[-1]))),
        "y_ticks": charts.mel_ticks(float(bands[-1]), float(bands[0]), apart=14),
        "gradient": gradient(),
        "full": f"{_FULL:g}",
    }


def coloured(z: np.ndarray) -> np.ndarray:
    """Standard deviations from normal `(f, n)` as colours `(f, n, 3)`.

    >>> coloured(np.zeros((1, 1))).round(2).tolist()
    [[[0.09, 0.11, 0.13]]]
    """
    # What chance does to one band and moment, two standard deviations, hardly shows.
    strength = np.clip(np.abs(z) / _FULL, 0, 1)[..., None] ** 1.5
    ends = np.where(z[..., None] > 0, np.array(_LOUDER), np.array(_QUIETER))
    found: np.ndarray = (1 - strength) * np.array(_NORMAL) + strength * ends
    return found


def gradient() -> str:
    """The colours as a CSS gradient, from quieter to louder."""
    values = np.linspace(-_FULL, _FULL, 13)
    bytes_ = np.round(255 * coloured(values[None])[0]).astype(int)
    return ",".join(f"rgb({r},{g},{b})" for r, g, b in bytes_)


def _card(one: Close, rate_hz: int) -> dict[str, Any]:
    """One of the strangest moments beside the normal one that is most like it."""
    from tympan.audio import Clip

    sign = "quieter" if one.change_db < 0 else "louder"
    return {
        "when": f"{moment(one.start_s)} to {moment(one.end_s)}",
        "text": f"score {one.score:.1f}; {abs(one.change_db):.0f} dB {sign} at {one.at_hz:,.0f} Hz",
        "sides": [
            _side("In this recording", Clip(one.wave[None], rate_hz), one.start_s),
            _side("Most like it, of the normal ones", Clip(one.normal[None], rate_hz), 0.0),
        ],
    }


def _side(title: str, clip: Any, start_s: float) -> dict[str, Any]:
    from tympan.spectra.figures_data import overview

    data = overview(clip)
    return {
        "title": title,
        "image": charts.spectrogram_image(data, rows=96, most_columns=400),
        "audio": data_address(clip.samples, clip.rate_hz),
        "x_ticks": charts.time_ticks(clip.duration_s, 4, start_s),
        "y_ticks": charts.mel_ticks(clip.rate_hz / 2, apart=14),
    }


@register_evaluation(MonitorEvaluation)
def evaluation_parts(scored: Scored[MonitorEvaluation]) -> EvaluationParts:
    """How the scores of normal and anomalous recordings lie, and the table."""
    found = scored.evaluation
    rows = found.table()
    sections = [Part("training_table.html.j2", table(rows) | {"key": "table"})] if rows else []
    known = found.known
    facts = []
    chosen = known.get("detectors", [])
    if chosen:
        auc = known.get("simulated_auc", {}).get("fused")
        note = f"AUC {percent(auc, 1)} on simulated changes" if auc is not None else ""
        facts.append(Fact("Detectors", ", ".join(chosen), note))
    on = known.get("threshold_set_on", {})
    if on:
        note = f"worth {on['independent']:.0f} independent ones"
        facts.append(Fact("Threshold set on", f"{on['steps']:,} windows", note))
    charts_ = [scores_chart(found)] if len(found.values) else []
    return EvaluationParts(facts, sections, charts_)


def scores_chart(found: MonitorEvaluation) -> Plot:
    """How many of the normal and of the anomalous recordings lie above each score."""
    top = float(max(found.values.max(), 1.3 * found.threshold))
    grid = np.linspace(0, top, 200)
    sides = [found.values[~found.truth], found.values[found.truth]]
    lines, legend = [], []
    for values, kind, name in zip(
        sides, ("line", "line second"), ("normal", "anomalous"), strict=True
    ):
        if len(values):
            above = (values[None] > grid[:, None]).mean(1)
            lines.append(Line(path(grid / top, above), kind))
            legend.append(f"{name} ({len(values)})")
    at = found.threshold / top
    lines.append(Line(path(np.array([at, at]), np.array([0.0, 1.0])), "guide"))
    step = max(1, int(top // 6))
    return Plot(
        alt="Share of normal and of anomalous recordings above each score",
        lines=lines,
        x_ticks=[Tick(round(100 * v / top, 2), f"{v}") for v in range(0, int(top) + 1, step)],
        y_ticks=[Tick(25 * i, f"{25 * i} %") for i in range(5)],
        x_label="Score",
        y_label="Recordings above it",
        title="What a threshold finds",
        legend=legend,
        marks=[Mark(round(100 * at, 2), 96, "threshold")],
        caption="A good monitor has no score at which both curves are high."
        if len(legend) > 1
        else "Recordings of the other kind were not there to be scored.",
    )
