"""What Prometheus may ask: requests, waiting, models in memory, workers that died."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tympan.serve.decoding import Decoders
    from tympan.serve.desk import Desk
    from tympan.serve.spool import Spool

_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


class Metrics:
    """Counts and measures of one server.

    Args:
        desk: the queue and the workers.
        decoders: the processes that decode.
        spool: what lies on the disk.
    """

    def __init__(self, desk: Desk, decoders: Decoders, spool: Spool) -> None:
        from prometheus_client import CollectorRegistry, Counter, Histogram

        self._registry = CollectorRegistry()
        self.requests = Counter(
            "tympan_requests",
            "Requests that were answered.",
            ("route", "status"),
            registry=self._registry,
        )
        self.seconds = Histogram(
            "tympan_request_seconds",
            "From a request's first byte to its answer's last.",
            ("route",),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self.sound_seconds = Counter(
            "tympan_sound_seconds", "Sound that was decoded.", registry=self._registry
        )
        self.listeners = 0
        self._registry.register(_State(self, desk, decoders, spool))

    def text(self) -> bytes:
        """All of it, as Prometheus reads it."""
        from prometheus_client import generate_latest

        return generate_latest(self._registry)


class _State:
    """What is so at the moment that it is asked for."""

    def __init__(self, metrics: Metrics, desk: Desk, decoders: Decoders, spool: Spool) -> None:
        self._metrics, self._desk = metrics, desk
        self._decoders, self._spool = decoders, spool

    def collect(self) -> Iterable[Any]:
        """The gauges."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        from tympan.serve.held import resident_bytes

        desk = self._desk

        def gauge(name: str, about: str, value: float) -> Any:
            return GaugeMetricFamily(f"tympan_{name}", about, value=value)

        yield gauge("requests_open", "Requests that wait or are worked on.", desk.places)
        yield gauge("listeners", "Live connections.", self._metrics.listeners)
        yield gauge("workers_ready", "Worker processes that answer.", sum(
            one.ready for one in desk.workers
        ))  # fmt: skip
        yield gauge("spool_bytes", "What lies in the spool.", self._spool.size_bytes)
        loaded = GaugeMetricFamily(
            "tympan_model_loaded", "Models in memory.", labels=("model", "verb", "worker")
        )
        memory = GaugeMetricFamily(
            "tympan_resident_bytes", "Memory of the processes.", labels=("process",)
        )
        memory.add_metric(("server",), resident_bytes())
        for number, one in enumerate(desk.workers):
            memory.add_metric((f"worker-{number}",), resident_bytes(one.pid) if one.pid else 0)
            for place, verb in one.models:
                # A folder of the operator's is nobody else's affair.
                name = place.replace("\\", "/").rstrip("/").rpartition("/")[2]
                loaded.add_metric((name, verb, str(number)), 1)
        yield loaded
        yield memory
        deaths = CounterMetricFamily("tympan_worker_deaths", "Workers that ended by themselves.")
        deaths.add_metric((), sum(one.deaths for one in desk.workers))
        yield deaths
        killed = CounterMetricFamily("tympan_decoders_killed", "Decoders stuck, broken, cancelled.")
        killed.add_metric((), self._decoders.killed)
        yield killed
