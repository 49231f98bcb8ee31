"""`credence demo`: sample -> load -> publish -> serve, in a directory of its own."""

from __future__ import annotations

import shlex
import shutil
import sys
import tempfile
import threading
from functools import partial
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import click

from exchange.domain.disclosure_levels import Tier
from exchange.domain.errors import CredenceError, UsageError
from exchange.domain.identifiers import id_of
from exchange.domain.publicity_period import china_date
from exchange.sample import generate
from exchange.use_case_types import LoadObserver, LoadOptions
from publisher.cli.context import CliContext, common, pass_context
from publisher.cli.example_records import LIST, showcase
from publisher.cli.serve import reports
from publisher.layout import CONFIG, Layout
from publisher.listener import Address, listening
from publisher.serve import serve
from publisher.wiring import Deployment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from publisher.cli.shell_output import Console

DIRECTORY: Final = "credence-demo"
# Penalties; with subjects, licences and lists that is more than 10,000 records.
RECORDS: Final = 5000
SEED: Final = 20
# Names the address the directory was made for; without it nothing of a directory is removed.
_MARK: Final = ".credence-demo"
_TOLD: Final = (
    "home", "subject", "record", "list", "dataset", "sparql", "feed", "catalog", "status"
)  # fmt: skip
WAITED: Final = 150
_AGAIN: Final = 0.2  # seconds between two tries
_PATIENCE: Final = 10.0  # seconds for one answer
_NAME: Final = "示例市公共信用信息（演示）"


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), default=8080, show_default=True)
@common
@pass_context
def demo(context: CliContext, *, port: int) -> None:
    """一条命令看全貌。Load the sample, publish and serve it at http://127.0.0.1:PORT."""
    if context.directory is None:
        context.directory = DIRECTORY
    address = Address("127.0.0.1", port)
    # Held from now on: the links that are printed are of this service and no other.
    with listening(address) as held:
        root = context.root
        if _made_for(root) != address.url:
            context.console.say("demo-making")
            _make(root, address)
        links = _links(root)
        opened = partial(_open_doors, context.console, root, links)
        serve(root, address, held, reports(context.console, opened))
    context.console.say("stopped")


def _open_doors(console: Console, root: Path, links: dict[str, Any]) -> None:
    """Print the links when every surface shows the loaded records.

    The service's own projector brings them there while its web worker starts: on two cores that
    is seconds sooner than one after the other.
    """
    try:
        with Deployment(root).open() as opened:
            opened.projector(lambda _: None).publish()
    except CredenceError as error:
        console.error(error)  # the service goes on, and its status page tells which place failed
    else:
        # Queries go to the generation before until a worker has opened the new one.
        _wait_for([links[name] for name in _TOLD if links[name]])
        _announce(console, root, links)


def _wait_for(addresses: Sequence[str]) -> None:
    """Return when every address answers with 200, at the latest after WAITED tries each."""
    pause = threading.Event()
    for address in addresses:
        for _ in range(WAITED):
            if _answers(address):
                break
            pause.wait(_AGAIN)


def _answers(address: str) -> bool:
    parts = urlsplit(address)
    line = HTTPConnection(parts.hostname or "", parts.port, timeout=_PATIENCE)
    try:
        line.request("GET", parts.path)
        return line.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        line.close()


def _made_for(root: Path) -> str | None:
    """Return the address a whole demonstration stands for.

    Raises UsageError for a directory that is not ours to recreate.
    """
    mark = root / _MARK
    if mark.is_file():
        return mark.read_text(encoding="utf-8").strip() or None
    if root.exists() and any(root.iterdir()):
        raise UsageError(
            f"{root} holds something that no demonstration made.",
            "Choose another directory by -C; a demonstration recreates its own.",
            zh=f"{root} 中已有其他内容，不是演示目录。",
            zh_hint="请用 -C 另选目录；演示会重建它自己的目录。",
        )
    return None


def _make(root: Path, address: Address) -> None:
    """Make the directory anew; the mark gets its address when the whole sample is loaded."""
    if root.exists():
        shutil.rmtree(root)
    _make_journal_folder(Layout(root).journal.parent)
    root.mkdir(parents=True)
    mark = root / _MARK
    mark.write_text("", encoding="utf-8")
    config = f'base_url = "{address.url}"\ndeployment_name = "{_NAME}"\n'
    (root / CONFIG).write_text(config, encoding="utf-8")
    deployment = Deployment(root)
    with (
        tempfile.TemporaryDirectory() as folder,
        deployment.open_or_create() as opened,
    ):
        generate(RECORDS, SEED, Path(folder))
        files = sorted(Path(folder).glob("*.csv"))
        exchange = opened.exchange()
        for _ in exchange.load(files, LoadOptions(), LoadObserver()):
            pass
        exchange.expire(china_date(deployment.clock()))
    mark.write_text(address.url + "\n", encoding="utf-8")


def _make_journal_folder(folder: Path) -> None:
    """Make the folder of the journal anew; one that no demonstration made is left as it is.

    It stands beside the directory, and the journal of an earlier demonstration would stop the new
    ledger from being begun.
    """
    if (folder / _MARK).is_file():
        shutil.rmtree(folder)
    if not folder.exists():
        folder.mkdir(mode=0o700, parents=True)
        (folder / _MARK).touch()


def _links(root: Path) -> dict[str, Any]:
    """Return the contract's links; parts that do not exist yet are null."""
    with Deployment(root).open() as opened:
        base = opened.ledger.genesis.base_url
        shown = showcase(opened.ledger.live(Tier.PUBLIC))
    hint = None
    if shown.record:
        identifier = id_of(shown.record)
        hint = shlex.join([*_program(root), "withdraw", identifier, "--because", "repair"])
    return {
        "home": f"{base}/",
        "subject": f"{base}/subject/{shown.code}" if shown.code else None,
        "record": shown.record or None,
        "list": f"{base}/list/{LIST}",
        "dataset": f"{base}/dataset/penalty",
        "sparql": f"{base}/sparql",
        "feed": f"{base}/feed/all",
        "catalog": f"{base}/catalog",
        "status": f"{base}/status",
        "repair_hint": hint,
    }


def _program(root: Path) -> list[str]:
    """Return how this program was called, so that the hint works in any shell."""
    called = Path(sys.argv[0])
    own = [str(called.absolute())] if called.name == "credence" else []
    return [*(own or [sys.executable, "-m", "publisher.cli"]), "-C", str(root)]


def _announce(console: Console, root: Path, links: dict[str, Any]) -> None:
    console.say("demo-links")
    for name in _TOLD:
        if links[name]:
            console.line(f"  {console.text(f'demo-{name}')}  {links[name]}")
    if links["repair_hint"]:
        audit = shlex.join([*_program(root), "audit"])
        console.say("demo-try", hint=links["repair_hint"], audit=audit)
    console.result(links)


VERBS = (demo,)
