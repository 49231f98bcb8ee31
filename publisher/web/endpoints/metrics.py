"""`/metrics`: what a monitor watches, in the text format of Prometheus.

Purpose: lanes and refusals of queries, position and lag of each surface, alarms, held rows and
decisions that wait, the age of the last write, answers by place, this process's memory. No label
and no value says anything of a record or a person. Who has the token of the setting
`metrics_token_file` may read it: behind a reverse proxy every request comes from this machine, so
an address proves nothing. Without the setting only a trial shows it, whose base URL is this
machine's own, and to this machine only; otherwise there is nothing at this address.
Source: Prometheus text format 0.0.4; docs/operate.md lists every metric.
"""

from __future__ import annotations

import hmac
import time
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from flask import Blueprint, request
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily

from exchange.domain.errors import EnvironmentFault, NotFound, StoreUnavailable
from publisher.stores.pool_metrics import QUEUE_FULL, STARVED, WAITED
from publisher.surfaces.port import label
from publisher.surfaces.runtime.alarms import standing_alarms
from publisher.web.http import replies
from publisher.web.http.problems import Unauthorized

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from prometheus_client.metrics_core import Metric

    from publisher.surfaces.port import SurfaceReader
    from publisher.web.context import SiteContext
    from publisher.web.endpoints.health import Health

MEDIA: Final = "text/plain; version=0.0.4; charset=utf-8"
_SHORTEST_TOKEN: Final = 16
# The places that answers are counted by; whatever else somebody asks for is one more.
PLACES: Final = frozenset({
    "", "catalog", "code", "context", "dataset", "datasets", "dump", "feed", "healthz", "list",
    "lists", "metrics", "ns", "readyz", "record", "schema", "search", "shapes", "sparql", "static",
    "status", "subject", "template",
})  # fmt: skip
_OTHER: Final = "other"
_SECONDS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Meter:
    """Counts the answers of this web worker and how long each took to begin; for many threads."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._answers = Counter(
            "credence_http_responses",
            "按位置和状态码计的应答数 Answers by place and status",
            ("place", "status"),
            registry=registry,
        )
        self._seconds = Histogram(
            "credence_http_response_seconds",
            "应答开始前的秒数 Seconds until an answer began",
            ("place",),
            buckets=_SECONDS,
            registry=registry,
        )

    def around(self, application: WSGIApplication) -> WSGIApplication:
        """Return the application with its answers counted."""

        def counted(environ: WSGIEnvironment, start_response: StartResponse) -> object:
            began = time.perf_counter()

            def start(status: str, *more: object) -> object:
                # Looked at now: the application has stripped the prefix of the base URL.
                place = route_of(environ.get("PATH_INFO", ""))
                self._answers.labels(place, status[:3]).inc()
                self._seconds.labels(place).observe(time.perf_counter() - began)
                return start_response(status, *more)  # type: ignore[arg-type]

            return application(environ, start)  # type: ignore[arg-type]

        return counted  # type: ignore[return-value]


def route_of(path: str) -> str:
    """Return the place that a path is counted under; their number is bounded."""
    first = path.removeprefix("/").partition("/")[0].partition(".")[0]
    return (first or "home") if first in PLACES else _OTHER


class State:
    """Reads ledger, surfaces and held rows anew for each scrape.

    These are of the whole deployment, whichever process answers.
    """

    def __init__(self, context: SiteContext, health: Health) -> None:
        self._context = context
        self._health = health

    def describe(self) -> Iterator[Metric]:
        """Say nothing beforehand, so that making the registry reads nothing."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Yield every metric. Raises EnvironmentFault when the ledger cannot be read."""
        yield from self._surfaces()
        yield from self._ledger()
        yield from self._queries()
        yield from self._service()

    def _surfaces(self) -> Iterator[Metric]:
        position = _gauge(
            "credence_surface_position", "公开面的位置 Position of a surface", "surface"
        )
        lag = _gauge(
            "credence_surface_lag", "公开面落后的条数 Changes that a surface lacks", "surface"
        )
        alarm = _gauge(
            "credence_surface_alarm", "公开面告警 Whether a surface has failed", "surface"
        )
        failing = {one.surface for one in standing_alarms(self._context.alarms)}
        for surface in self._context.watched:
            name = label(surface)
            reached = _position(surface)
            head = self._context.ledger.head(surface.tier)
            position.add_metric([name], reached)
            # Negative when the surface is ahead of the ledger, which is a fault.
            lag.add_metric([name], head - reached)
            alarm.add_metric([name], name in failing)
        return iter((position, lag, alarm))

    def _ledger(self) -> Iterator[Metric]:
        now, state = self._context.clock(), self._context.ledger.backlog()
        values = {
            ("credence_ledger_position", "账本位置 Events in the ledger"): state.position,
            (
                "credence_ledger_write_age_seconds",
                "距上次写入账本的秒数 Seconds since the last event",
            ): (now - state.written_at) / 1000,
            (
                "credence_deliveries_open",
                "未结束的报送 Deliveries that have not ended",
            ): state.open_deliveries,
            (
                "credence_decisions_pending",
                "待决定事项 Records that wait for a decision",
            ): state.pending_decisions,
            (
                "credence_erasures_unfinished",
                "未完成的删除 Erasures whose surfaces are not rebuilt",
            ): state.unfinished_erasures,
            ("credence_held_rows", "待审数据行 Rows held for review"): self._context.held(),
        }
        return (_single(name, text, value) for (name, text), value in values.items())

    def _queries(self) -> Iterator[Metric]:
        pool = self._context.queries.metrics()
        running = _gauge("credence_query_running", "正在执行的查询 Queries at work", "lane")
        waiting = _gauge("credence_query_waiting", "排队的查询 Queries that wait", "lane")
        answered = _counter("credence_query_answered", "已应答的查询 Queries answered", "lane")
        cut = _counter("credence_query_cut", "超时中止的查询 Queries cut at their deadline", "lane")
        for name, lane in pool.lanes.items():
            running.add_metric([name], lane.running)
            waiting.add_metric([name], lane.waiting)
            answered.add_metric([name], lane.answered)
            cut.add_metric([name], lane.cut)
        refused = _counter("credence_query_refused", "未受理的查询 Queries refused", "reason")
        for reason in (QUEUE_FULL, WAITED, STARVED):
            refused.add_metric([reason], pool.refused.get(reason, 0))
        moved = _counter("credence_query_slowed", "转入慢车道的查询 Sent to the slow lane", "how")
        moved.add_metric(["continued"], pool.continued)
        moved.add_metric(["restarted"], pool.restarted)
        moved.add_metric(["recognised"], pool.recognised)
        died = _counter("credence_query_workers_died", "查询中退出的进程 Workers that died at work")
        died.add_metric([], pool.died)
        return iter((running, waiting, answered, cut, refused, moved, died))

    def _service(self) -> Iterator[Metric]:
        ready = not self._health.faults()
        yield _single("credence_ready", "服务就绪 Whether /readyz answers 200", ready)
        doubt = self._context.clock_doubt() is not None
        yield _single("credence_clock_in_doubt", "时钟存疑 Whether the clock is not trusted", doubt)


def _position(surface: SurfaceReader) -> int:
    try:
        return surface.position()
    except StoreUnavailable:
        return 0  # not published yet: it lacks everything


def _gauge(name: str, text: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, labels=labels)


def _counter(name: str, text: str, *labels: str) -> CounterMetricFamily:
    return CounterMetricFamily(name, text, labels=labels)


def _single(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)


class Metrics:
    """The metric registry of one web worker, and its page."""

    def __init__(self, context: SiteContext, health: Health) -> None:
        # They are a second series for every counter, of no use to a monitor.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._token = context.metrics_token
        self._trial = is_loopback(urlsplit(context.base_url).hostname or "")
        self._registry = CollectorRegistry(auto_describe=False)
        self.meter = Meter(self._registry)
        self._registry.register(State(context, health))
        ProcessCollector(registry=self._registry)

    def blueprint(self) -> Blueprint:
        """Return the route."""
        made = Blueprint("metrics", __name__)
        made.add_url_rule("/metrics", view_func=self.page)
        return made

    def page(self) -> replies.Reply:
        """Return every metric. Raises NotFound, Unauthorized, EnvironmentFault."""
        if self._token is None:
            if not (self._trial and is_loopback(request.remote_addr or "")):
                raise _nothing()
            return self._reply()
        _require(request.headers.get("Authorization", ""), _read(self._token))
        return self._reply()

    def _reply(self) -> replies.Reply:
        body = generate_latest(self._registry)
        return replies.Reply(body, MEDIA, headers=(("Cache-Control", "no-store"),))


def is_loopback(host: str) -> bool:
    """Whether the name or address is this machine's own."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _require(given: str, token: str) -> None:
    scheme, _, secret = given.partition(" ")
    wrong = scheme.lower() != "bearer"
    # Compared as bytes: a header may hold what is no ASCII.
    if wrong or not hmac.compare_digest(secret.strip().encode(), token.encode()):
        raise Unauthorized


def _read(path: Path) -> str:
    """Return the token; read anew each time, so that it can be changed. Raises EnvironmentFault."""
    try:
        token = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise _no_token("cannot be read", "无法读取") from error
    if len(token) < _SHORTEST_TOKEN:
        raise _no_token(f"is shorter than {_SHORTEST_TOKEN} characters", "过短")
    return token


def _no_token(what: str, zh: str) -> EnvironmentFault:
    return EnvironmentFault(
        f"The token of metrics_token_file {what}.",
        f"Write a random text of {_SHORTEST_TOKEN} characters or more into the file (mode 0600).",
        zh=f"metrics_token_file 所指的令牌{zh}。",
        zh_hint=f"请在该文件（权限 0600）中写入不少于 {_SHORTEST_TOKEN} 个字符的随机文本。",
    )


def _nothing() -> NotFound:
    return NotFound(
        "There is nothing at this address.",
        "Check the address.",
        zh="这个网址没有内容。",
        zh_hint="请核对网址。",
    )
