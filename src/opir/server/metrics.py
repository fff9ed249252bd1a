"""What the server counts, in the text format of Prometheus."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)


class Metrics:
    """The numbers of one application, apart from those of the process it runs in."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter(
            "opir_requests", "Requests answered.", ("route", "method", "status"), registry=self._registry
        )
        self.seconds = Histogram(
            "opir_request_seconds", "Time to answer a request.", ("route",), buckets=_SECONDS, registry=self._registry
        )
        self.restore_seconds = Histogram(
            "opir_restore_seconds", "Time in the network, per picture.", buckets=_SECONDS, registry=self._registry
        )
        self.pixels = Counter("opir_pixels", "Pixels restored.", registry=self._registry)
        self.decoder_deaths = Counter(
            "opir_decoder_deaths", "Decoding processes that a picture brought down.", registry=self._registry
        )

    def watch(self, name: str, description: str, read: Callable[[], float]) -> None:
        """Show a number that is read when somebody asks."""
        Gauge(name, description, registry=self._registry).set_function(read)

    def describe(self, name: str, description: str, labels: dict[str, str]) -> None:
        """Show a constant as labels."""
        Gauge(name, description, tuple(labels), registry=self._registry).labels(**labels).set(1)

    def text(self) -> bytes:
        """Return all numbers in the text format."""
        return generate_latest(self._registry)
