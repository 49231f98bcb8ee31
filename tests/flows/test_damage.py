"""Whatever is done to a file that is served, `audit` names the file; `rebuild` mends it.

The files are those that a published directory has: a new kind of file fails here until it is
either noticed or listed with the reason why nobody is handed it.
"""

from __future__ import annotations

import gzip
import random
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from exchange.domain.disclosure_levels import PUBLISHED_TIERS, Tier
from publisher.cli import main
from publisher.surfaces.audit.findings import AuditReport
from publisher.surfaces.audit.run import audit
from publisher.wiring import Deployment, OpenDeployment
from tests.flows.conftest import Credence

# Files below surfaces/ of which readers are handed nothing, and why.
NOT_SERVED = {
    r"[^/]+/[^/]+/checkpoint\.json": "private: which ledger the surface was built from",
    r"rebuil[^/]+\.json": "the projector's own notes",
    r"[^/]+/triples/writer/.*": "the writer's store; readers open generations, which are copies",
    r"[^/]+/triples/sums/.*": "digests by which an audit knows a generation's files",
    r"[^/]+/triples/generations/(?!{generation}/).*": "superseded; goes after a minute",
    r"[^/]+/(feed|dumps|index)/trees/(?!{tree}/).*": "another tree than the one that is served",
    r"[^/]+/index/trees/[^/]+/index\.sqlite-(wal|shm)": "SQLite's own; empty at rest",
}
# Each kind of file that is served, by a pattern below a tier's folder, and an example that the
# sample must have.
SERVED_KINDS = {
    "feed page": r"feed/trees/\d+/feed/[^/]+/p/\d+\.(trig|jsonld|nq)\.gz",
    "feed root": r"feed/trees/\d+/feed/[^/]+\.(trig|jsonld|nq)\.gz",
    "feed state": r"feed/trees/\d+/state\.json",
    "dump part": r"dumps/trees/\d+/[^/]+/\d{4}-[0-9a-f]+\.(csv|nq|jsonld|ttl)\.gz",
    "dump index": r"dumps/trees/\d+/[^/]+/\d{8}T\d{9}Z-[0-9a-f]{10}\.json",
    "dump state": r"dumps/trees/\d+/state\.json",
    "index": r"index/trees/\d+/index\.sqlite",
    "generation": r"triples/generations/\d+/.*",
    "generation pointer": r"triples/current",
}
Damage = Callable[[Path], None]


def delete(path: Path) -> None:
    path.unlink()


def truncate(path: Path) -> None:
    rewrite(path, path.read_bytes()[: path.stat().st_size // 2])


def empty(path: Path) -> None:
    rewrite(path, b"")


def append(path: Path) -> None:
    rewrite(path, path.read_bytes() + b"\0")


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x10
    rewrite(path, bytes(content))


def rewrite(path: Path, content: bytes) -> None:
    """Put other content there without touching the hard links of the file."""
    path.unlink()
    path.write_bytes(content)


DAMAGES: dict[str, Damage] = {
    "deleted": delete,
    "truncated": truncate,
    "emptied": empty,
    "appended to": append,
    "one bit flipped": flip,
}
# What readers do not notice, and why it is no damage.
HARMLESS = {
    ("index", "appended to"): "SQLite reads as many pages as its header says",
}


def kind_of(name: str) -> str | None:
    below = name.partition("/")[2]
    return next((kind for kind, form in SERVED_KINDS.items() if re.fullmatch(form, below)), None)


def served(root: Path) -> dict[str, list[Path]]:
    """Return the files that readers are handed, by kind; fails for one that is no known kind."""
    found: dict[str, list[Path]] = {kind: [] for kind in SERVED_KINDS}
    unknown = []
    for path in sorted((root / "surfaces").rglob("*")):
        if path.is_dir() or path.is_symlink():
            continue
        name = path.relative_to(root / "surfaces").as_posix()
        if is_not_served(root, name):
            continue
        kind = kind_of(name)
        if kind is None:
            unknown.append(name)
        else:
            found[kind].append(path)
    assert unknown == [], "new kinds of files: let audit compare them, or say why it need not"
    return found


def is_not_served(root: Path, name: str) -> bool:
    tier, _, rest = name.partition("/")
    surface = rest.partition("/")[0]
    values = {"generation": "0", "tree": "0"}
    folder = root / "surfaces" / tier / surface
    if surface == "triples":
        from_pointer = re.search(r'"generation": ?(\d+)', (folder / "current").read_text())
        values["generation"] = from_pointer[1] if from_pointer else "0"
    elif (folder / "current").is_symlink():
        values["tree"] = (folder / "current").readlink().name
    forms = (form.replace("{generation}", values["generation"]) for form in NOT_SERVED)
    return any(re.fullmatch(form.replace("{tree}", values["tree"]), name) for form in forms)


class Copy:
    """A published directory in which one thing is wrong at a time; its ledger is open."""

    def __init__(self, sound: Path, root: Path, opened: OpenDeployment) -> None:
        self._sound = sound
        self.root = root
        self._bench = opened

    def audited(self, surface: str) -> AuditReport:
        """Compare one surface, `public/feed`."""
        tier, name = surface.split("/")
        readers = [one for one in self._bench.readers() if (one.tier, one.name) == (tier, name)]
        return audit(self._bench.ledger, readers)

    def damaged(self, path: Path, damage: Damage) -> dict[str, Any]:
        """Damage a file, audit its surface, and put the file back."""
        name = path.relative_to(self._sound)
        target = self.root / name
        content = target.read_bytes()
        damage(target)
        surface = "/".join(name.parts[1:3])
        try:
            return self.audited(surface).to_json()["surfaces"][surface]
        finally:
            target.unlink(missing_ok=True)
            target.write_bytes(content)


def is_noticed(report: dict[str, Any], path: Path) -> bool:
    """Whether something is wrong, told in words, and the file is named where files are."""
    said = str(report.get("problem", "")) + " ".join(
        f"{fault['file']} {fault['zh']} {fault['en']}" for fault in report.get("faults", ())
    )
    assert not re.search(r"\b[A-Z]\w*Error\b|Traceback|^error$", said), said
    named = path.name in said or bool(report.get("problem")) or "generations/" in said
    return named and bool(said)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory, sample: Path) -> Path:
    """Return a directory with every kind, revised, withdrawn and added to since."""
    command = Credence(tmp_path_factory.mktemp("sound") / "data")
    files = ("licence", "penalty", "list-entry", "measure", "subject", "repair-case")
    for some in (files[:2], files[2:3], files[3:]):
        main(
            [
                "-C",
                str(command.directory),
                "--quiet",
                "load",
                *(str(sample / f"{one}.csv") for one in some),
            ]
        )
        command("publish")
    command.is_sound()
    return command.directory


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory, sound: Path) -> Iterator[Copy]:
    root = tmp_path_factory.mktemp("copy") / "data"
    shutil.copytree(sound, root, symlinks=True)
    with Deployment(root).open() as opened:
        yield Copy(sound, root, opened)


def test_every_file_below_the_surfaces_is_of_a_known_kind_and_all_kinds_occur(sound: Path) -> None:
    assert all(served(sound).values())


def of_each_form(paths: list[Path]) -> dict[str, list[Path]]:
    """Return the files by their ending and tier."""
    forms: dict[str, list[Path]] = {}
    for path in paths:
        tier = "government" if "government" in path.parts else "public"
        forms.setdefault(f"{tier} {path.name.partition('.')[2]}", []).append(path)
    return forms


def unnoticed(copy: Copy, kind: str, cases: Iterable[tuple[Path, str]]) -> list[tuple[str, str]]:
    """Return which damage to which file was not told in words with the file's name."""
    return [
        (path.name, name)
        for path, name in cases
        if (path.stat().st_size or name in {"deleted", "appended to"})
        and (kind, name) not in HARMLESS
        and not is_noticed(copy.damaged(path, DAMAGES[name]), path)
    ]


@pytest.mark.parametrize("kind", SERVED_KINDS)
def test_damage_to_a_file_of_each_kind_and_form_is_named(
    sound: Path, copy: Copy, kind: str
) -> None:
    draw = random.Random(kind)
    forms = of_each_form(served(sound)[kind]).values()
    cases = [(draw.choice(paths), draw.choice(list(DAMAGES))) for paths in forms]
    assert unnoticed(copy, kind, cases) == []


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", SERVED_KINDS)
def test_every_damage_to_a_file_of_each_form_and_some_damage_to_every_file_is_named(
    sound: Path, copy: Copy, kind: str
) -> None:
    draw = random.Random(kind)
    paths = served(sound)[kind]
    every = [(some[0], name) for some in of_each_form(paths).values() for name in DAMAGES]
    some = [(path, draw.choice(list(DAMAGES))) for path in paths]
    assert unnoticed(copy, kind, [*every, *some]) == []


@pytest.mark.parametrize("tier", PUBLISHED_TIERS)
@pytest.mark.parametrize(
    "name",
    [
        "feed/current/feed/penalty/p/999.trig.gz",
        "feed/current/feed/other.nq.gz",
        "dumps/current/penalty/0009-00000000.csv.gz",
        "dumps/current/penalty/20200101T000000000Z-0123456789.json",
    ],
)
def test_a_file_that_belongs_to_nothing_is_named(copy: Copy, tier: Tier, name: str) -> None:
    surface = f"{tier.value}/{name.partition('/')[0]}"
    path = copy.root / "surfaces" / tier.value / name
    path.parent.mkdir(exist_ok=True)
    other = next(path.parent.glob(f"*{path.suffix}"), None)
    path.write_bytes(other.read_bytes() if other else b"{}")
    try:
        found = copy.audited(surface).to_json()["surfaces"][surface]
        assert [fault["file"] for fault in found["faults"]] == [f"surfaces/{tier.value}/{name}"]
    finally:
        path.unlink()


def test_damage_is_told_with_file_reason_and_remedy_and_mended_by_it(
    sound: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = Credence(tmp_path / "data")
    shutil.copytree(sound, command.directory, symlinks=True)
    page = command.directory / "surfaces/public/feed/current/feed/penalty/p/1.jsonld.gz"
    delete(page)
    for lang, words in (("zh", ("缺少该文件", "办法：运行")), ("en", ("is missing", "Try:"))):
        assert main(["-C", str(command.directory), "--lang", lang, "audit"]) == 4
        said = capsys.readouterr().out
        assert "surfaces/public/feed/current/feed/penalty/p/1.jsonld.gz" in said
        assert all(word in said for word in words)
        assert "credence rebuild public/feed" in said
    command("rebuild", "public/feed")
    command.is_sound()


@pytest.mark.parametrize("form", ["trig", "jsonld", "nq"])
def test_a_page_put_back_after_a_takedown_is_named_with_the_record_on_it(
    sound: Path, tmp_path: Path, form: str
) -> None:
    """A whole file of an earlier day: sound in itself, and of one form only."""
    command = Credence(tmp_path / "data")
    shutil.copytree(sound, command.directory, symlinks=True)
    pages = command.directory / "surfaces/public/feed/current/feed/penalty/p"
    page = pages / f"1.{form}.gz"
    before = page.read_bytes()
    record = re.search(rb"https?://[^/]+/record/[0-9a-z]{26}", gzip.decompress(before))
    assert record
    command("withdraw", record[0].decode(), "--because", "repair")
    page.write_bytes(before)
    found = command("audit", code=4).result["surfaces"]
    assert found["public/feed"]["leftover"] == [record[0].decode()]
    assert [fault["file"].rpartition("/")[2] for fault in found["public/feed"]["faults"]] == [
        page.name
    ]
    assert all(not one["leftover"] for name, one in found.items() if name != "public/feed")


@pytest.mark.parametrize("name", ["feed/current/state.json", "dumps/current/state.json"])
def test_a_rebuild_mends_a_surface_whose_state_cannot_be_read(
    published: Credence, name: str
) -> None:
    path = published.directory / "surfaces/public" / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    published("rebuild")
    published.is_sound()
