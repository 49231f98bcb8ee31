"""Settings: one table of keys, read from one TOML file and the environment, frozen at start.

Purpose: the only module that reads the environment. A key comes from its default, from
`credence.toml` in the data directory, or from `CREDENCE_<KEY>`, the last one winning.
Units: seconds for times, MiB for memory. Errors: `EnvironmentFault` for a file that cannot be
read, `UsageError` for an unknown key or a value of the wrong form. Source:
docs/design/interface.md "Configuration", docs/design/model.md "Identity" (genesis).
"""

from __future__ import annotations

import difflib
import os
import pwd
import re
import tomllib
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from exchange.domain.errors import EnvironmentFault, UsageError
from exchange.domain.failpoints import Failpoint
from publisher.layout import CONFIG, Layout, journal_of, require_one_journal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

FILE: Final = CONFIG
PREFIX: Final = "CREDENCE_"
# Read from the environment too, but no keys of the table.
_OTHER: Final = frozenset({"CREDENCE_DATA", "CREDENCE_ACTOR"})
_OTHER_PREFIX: Final = "CREDENCE_TEST_"

# Identity: read at the first write, frozen by the genesis (docs/design/model.md "Identity").
FROZEN: Final = ("base_url", "government_url", "did", "log_origin")

# Of an IRI (RFC 3987) without query, fragment and user.
_ADDRESS: Final = re.compile(r"[^\x00-\x20\x7f<>\"{}|^`\\?#@]+")

Value = str | int | float


@dataclass(frozen=True, slots=True)
class Key:
    """One setting: its name, default (a rule in words where it is derived) and help."""

    name: str
    default: Value
    read: Callable[[str, Any], Value]
    zh: str
    en: str


def _text(name: str, value: Any) -> str:
    # What the environment holds beyond UTF-8 comes as lone surrogates, which nothing can print.
    if not isinstance(value, str) or not value.strip().isprintable():
        raise _wrong(name, value, "a text of one line", "单行文本")
    return value.strip()


def _url(name: str, value: Any) -> str:
    text = _text(name, value)
    if not _is_address(text):
        raise _wrong(name, value, "an http or https address", "http 或 https 网址")
    return text.rstrip("/")


def _is_address(text: str) -> bool:
    """Whether it can begin the IRIs of records: no query, no fragment, no character to escape."""
    try:
        parts = urlsplit(text)
        known = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return known and _ADDRESS.fullmatch(text) is not None


def _number(name: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = -1.0
    if isinstance(value, bool) or not 0 < number < float("inf"):
        raise _wrong(name, value, "a number above 0", "大于 0 的数")
    return number


def _count(name: str, value: Any) -> int:
    number = _number(name, value)
    if number != int(number):
        raise _wrong(name, value, "a whole number above 0", "大于 0 的整数")
    return int(number)


def _networks(name: str, value: Any) -> str:
    """Return addresses and networks, of a list or separated by commas, joined by commas."""
    each = value if isinstance(value, list) else str(value).split(",")
    try:
        found = [str(ip_network(str(one).strip())) for one in each if str(one).strip()]
    except ValueError as error:
        raise _wrong(
            name, value, "a list of IP addresses or networks", "IP 地址或网段的列表"
        ) from error
    return ",".join(found)


def _hour(name: str, value: Any) -> int:
    hours = {str(hour): hour for hour in range(24)}
    if isinstance(value, bool) or str(value) not in hours:
        raise _wrong(name, value, "an hour of the day (0 to 23)", "一天中的钟点（0 至 23）")
    return hours[str(value)]


def _wrong(name: str, value: Any, form: str, zh_form: str) -> UsageError:
    return UsageError(
        f"The setting {name} has the value {value!r}, which is not {form}.",
        f"Correct {name} in {FILE} or in {PREFIX}{name.upper()}.",
        zh=f"设置项 {name} 的值 {value!r} 不是{zh_form}。",
        zh_hint=f"请在 {FILE} 或环境变量 {PREFIX}{name.upper()} 中改正。",
    )


KEYS: Final = (
    Key("deployment_name", "公共信用信息开放服务", _text, "本站名称", "name of this deployment"),
    Key(
        "base_url", "http://127.0.0.1:8080", _url,
        "公开地址，首次写入时固定", "public address, frozen at the first write",
    ),
    Key(
        "government_url", "http://127.0.0.1:8081", _url,
        "政务地址，首次写入时固定", "government address, frozen at the first write",
    ),
    Key("did", "", _text, "DID，默认由公开地址得出", "DID; by default made of base_url"),
    Key("log_origin", "", _text, "日志名称，默认由公开地址得出", "log name; made of base_url"),
    Key("ledger", "", _text, "账本（SQLAlchemy 地址）", "ledger, an SQLAlchemy URL"),
    Key("seals", "", _text, "密封库（SQLAlchemy 地址）", "seals, an SQLAlchemy URL"),
    Key(
        "withdrawal_journal", "", _text,
        "撤下日志文件，默认在数据目录旁（目录名加 .journal）",
        "file of the withdrawal journal; by default beside the data directory, in NAME.journal",
    ),
    Key("query_timeout", 30.0, _number, "单次查询时限（秒）", "time limit of a query, seconds"),
    Key("query_memory", 1024, _count, "单次查询内存（MiB）", "memory limit of a query, MiB"),
    Key(
        "query_workers", 2, _count,
        "同时执行的短查询数（慢查询另计同样多，最多 2n+1 个查询进程）",
        "short queries at a time, and as many slow ones beside; at most 2n+1 worker processes",
    ),
    Key(
        "trusted_proxies", "", _networks,
        "可信反向代理的地址或网段，以逗号分隔；仅经由它们时才按 X-Forwarded-For 区分访问者",
        "addresses or networks of reverse proxies, by commas; only behind them X-Forwarded-For "
        "tells clients apart",
    ),
    Key(
        "takedown_bound", 300.0, _number,
        "撤下的最长生效时间（秒）", "longest time a takedown may take to be seen, seconds",
    ),
    Key(
        "rebuild_hour", 3, _hour,
        "夜间重建三元组库的钟点（中国时间）",
        "hour of the night (China) at which stores that hold deleted text are built anew",
    ),
    Key(
        "metrics_token_file", "", _text,
        "监控令牌文件；不设则仅试用时本机可读 /metrics",
        "file with the token for /metrics; not set: for a trial, from this machine",
    ),
)  # fmt: skip
_BY_NAME: Final = {key.name: key for key in KEYS}


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings in force; `origin` says for each key where its value came from."""

    base_url: str
    government_url: str
    did: str
    log_origin: str
    ledger: str
    seals: str
    withdrawal_journal: str
    query_timeout: float
    query_memory: int
    query_workers: int
    trusted_proxies: str
    takedown_bound: float
    rebuild_hour: int
    metrics_token_file: str
    deployment_name: str
    origin: Mapping[str, str] = field(default_factory=dict, compare=False)


def data_directory(chosen: str | None) -> Path:
    """Return the data directory: the one chosen, else CREDENCE_DATA, else ./credence-data."""
    return Path(chosen or os.environ.get("CREDENCE_DATA") or "credence-data").absolute()


def actor() -> str:
    """Return who works at the command line: CREDENCE_ACTOR, else the login name."""
    named = os.environ.get("CREDENCE_ACTOR")
    if named:
        return named
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container's user without an entry
        return f"uid {os.getuid()}"


def failpoint() -> tuple[Failpoint, int] | None:
    """Return where a crash test wants this process killed: CREDENCE_TEST_FAILPOINT=point[:n].

    Raises UsageError for a point that does not exist.
    """
    named = os.environ.get("CREDENCE_TEST_FAILPOINT")
    if not named:
        return None
    name, _, count = named.partition(":")
    point = {point.value: point for point in Failpoint}.get(name)
    if point is None:
        raise UsageError(f"There is no failpoint {name!r}.", "docs/reliability.md lists them.")
    return point, int(count or 1)


def load(root: Path, environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of a data directory.

    Raises:
        EnvironmentFault: the file cannot be read.
        UsageError: an unknown key, or a value of the wrong form.

    """
    layout = Layout(root)
    values: dict[str, Value] = {key.name: key.default for key in KEYS}
    origin = {key.name: "default" for key in KEYS}
    given = (
        (_from_file(layout.config), FILE),
        (_from_environment(os.environ if environ is None else environ), "environment"),
    )
    for source, name in given:
        _refuse_unknown(source, name)
        for key, value in source.items():
            values[key] = _BY_NAME[key].read(key, value)
            origin[key] = name
    _derive(values, layout)
    require_one_journal(Path(str(values["withdrawal_journal"])), layout)
    return Settings(**values, origin=origin)  # type: ignore[arg-type]  # the table is the proof


def environment(more: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment for one that it starts, with `more`."""
    return {**os.environ, **more}


def _from_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:  # TOML and UTF-8 are ValueErrors
        raise EnvironmentFault(
            f"{path} cannot be read: {error}.",
            "Correct the file; it is UTF-8 TOML with one `key = value` a line.",
            zh=f"无法读取 {path}：{error}。",
            zh_hint="请改正该文件：UTF-8 编码的 TOML，每行一项。",
        ) from error


def _from_environment(environ: Mapping[str, str]) -> dict[str, str]:
    return {
        name[len(PREFIX) :].lower(): value
        for name, value in environ.items()
        if name.startswith(PREFIX) and name not in _OTHER and not name.startswith(_OTHER_PREFIX)
    }


def _refuse_unknown(names: Iterable[str], source: str) -> None:
    for name in names:
        if name not in _BY_NAME:
            near = difflib.get_close_matches(name, _BY_NAME, 1, 0.0)[0]
            raise UsageError(
                f"There is no setting {name!r} ({source}).",
                f"Did you mean {near}? `credence config show` lists every key.",
                zh=f"没有名为 {name!r} 的设置项（{source}）。",
                zh_hint=f"是否想用 {near}？运行 credence config show 可列出全部设置项。",
            )


def _derive(values: dict[str, Value], layout: Layout) -> None:
    """Fill what is made of other settings: paths by the directory, names by the address."""
    parts = urlsplit(str(values["base_url"]))
    path = [segment for segment in parts.path.split("/") if segment]
    made: dict[str, str] = {
        "ledger": f"sqlite:///{layout.ledger}",
        "seals": f"sqlite:///{layout.seals}",
        "withdrawal_journal": str(journal_of(layout)),
        # did:web: a port's colon is percent-encoded, path segments follow colons.
        "did": ":".join(["did:web", parts.netloc.replace(":", "%3A"), *path]),
        "log_origin": "/".join([parts.netloc, *path, "log"]),
    }
    for name, value in made.items():
        values[name] = values[name] or value


def table() -> str:
    """Return docs/settings.md: the table of settings in Markdown."""
    rows = [
        "# Settings",
        "",
        "Written from `publisher/settings.py` by `settings.table()`; a test holds it equal. Each",
        "stands in `credence.toml` in the data directory, or as `CREDENCE_<KEY>` in the",
        "environment, which wins. An empty default is derived from the others or not used.",
        "`credence config show` prints every value in force and where it came from.",
        "",
        "| key | default | meaning | 含义 |",
        "|---|---|---|---|",
    ]
    rows += [f"| `{key.name}` | `{key.default}` | {key.en} | {key.zh} |" for key in KEYS]
    return "\n".join(rows).replace("| `` |", "| |") + "\n"
