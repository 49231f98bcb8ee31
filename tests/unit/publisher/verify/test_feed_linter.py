"""A sound feed passes the linter; a twin of it with one fault fails by that rule's name."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from exchange.domain.errors import EnvironmentFault, UsageError
from exchange.ldes.document_reader import read
from publisher.verify import Folder, Limits, Report, Web, roots_in, verify_feed
from publisher.verify.report import KEPT, RULES, Finding
from tests.unit.publisher.verify.spoiled import (
    ALWAYS,
    GE,
    LT,
    OPEN,
    Handler,
    Server,
    Site,
    member,
    relation,
    sound,
)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def check(server: Server, site: Site, **limits: int) -> Report:
    server.site = site
    chosen = Limits(seconds=5, **limits)
    return verify_feed(Web("trig", chosen), f"{server.base}/feed/a", chosen)


def official(site: Site) -> None:
    """Copy the official context's mistake: members and paths in lists."""
    site.texts["/feed/a/p/2"] = json.dumps(
        {
            "@context": {"m": {"@id": "https://w3id.org/tree#member", "@container": "@list"}},
            "@id": "B/feed/a#stream",
            "m": [{"@id": "B/e/3"}],
        }
    )


def outside(site: Site) -> None:
    site.texts["/feed/a/p/2"] = json.dumps(
        {"@context": "https://w3id.org/ldes/context.jsonld", "@id": "B/feed/a#stream"}
    )


def edit(path: str, old: str, new: str) -> Callable[[Site], None]:
    return lambda site: site.edit(f"/feed/a{path}", old, new)


def add(path: str, text: str) -> Callable[[Site], None]:
    def change(site: Site) -> None:
        site.texts[f"/feed/a{path}"] += text

    return change


def header(path: str, name: str, value: str | None) -> Callable[[Site], None]:
    def change(site: Site) -> None:
        kept = {k: v for k, v in site.headers[f"/feed/a{path}"].items() if k != name}
        site.headers[f"/feed/a{path}"] = kept | ({name: value} if value else {})

    return change


def status(path: str, code: int) -> Callable[[Site], None]:
    return lambda site: site.statuses.update({f"/feed/a{path}": code})


def move(site: Site) -> None:
    site.texts["/feed/a/p/2b"] = site.texts.pop("/feed/a/p/2")
    site.headers["/feed/a/p/2b"] = ALWAYS | OPEN
    site.moved["/feed/a/p/2"] = "/feed/a/p/2b"


def older_first(site: Site) -> None:
    text = site.texts["/feed/a"]
    page = relation("", "p/2", GE, 3)
    site.texts["/feed/a"] = text.replace(page, "") + page


def two_nodes(site: Site) -> None:
    site.edit("/feed/a", "p/2", "i/2")
    site.texts["/feed/a/i/2"] = relation("/i/2", "p/2", GE, 3)
    site.headers["/feed/a/i/2"] = ALWAYS | OPEN


BLANK = "<B/feed/a#stream> tree:member _:b .\n_:b a as:Create .\n"
TWINS: list[tuple[str, str, Callable[[Site], None]]] = [
    # docs/design/surfaces.md "Feed readers": a shape that silently loses everything
    ("shape", "asks for the payload", edit("", "sh:path as:object", "sh:path cr:x")),
    ("shape", "nests a shape", edit("", "sh:minCount 1 ;", "sh:node <B/s> ;")),
    # 2: the official context
    ("member", "members in a list", official),
    (
        "path",
        "the path in a list",
        edit("", "timestampPath as:published", "timestampPath ( as:published )"),
    ),
    ("path", "no version path", edit("", "ldes:versionOfPath as:object ;", "")),
    # 3: equal times
    ("tied", "two versions of one object at once", add("/p/2", member(5, "Update", "y", second=3))),
    (
        "tied",
        "nothing orders equal times",
        edit(
            "/p/2",
            '00:00:04.000Z"^^xsd:dateTime ; cr:seq 4',
            '00:00:03.000Z"^^xsd:dateTime ; cr:seq 3',
        ),
    ),
    # 4: a link to what is gone
    ("link", "410", status("/p/2", 410)),
    ("link", "404", status("/p/2", 404)),
    # 5: what stops re-fetching is the header
    ("immutable-header", "only the triple says so", header("/p/1", "Cache-Control", "max-age=300")),
    # 6: large mutable documents
    (
        "root-size",
        "a long flat root",
        add("", "".join(relation("", "p/2", GE, 3) for _ in range(1_500))),
    ),
    # 9: a context that is fetched for each page
    ("context", "elsewhere", outside),
    # 11: a redirect
    ("redirect", "moved", move),
    # 12: members without statements
    ("hollow", "no statements", add("/p/2", "<B/feed/a#stream> tree:member <B/e/9> .\n")),
    # decision 0003
    ("index-order", "the older node first", older_first),
    ("index-order", "two index nodes", two_nodes),
    (
        "membership",
        "the other stream's page",
        edit("/p/2", "<B/feed/a#stream> tree:member <B/e/4> .", ""),
    ),
    # docs/design/surfaces.md "Removal from a feed"
    ("view", "none", edit("", "tree:view <B/feed/a> ;", "")),
    ("view", "two streams", add("", "<B/feed/b#stream> tree:view <B/feed/a> .\n")),
    ("delete-terms", "no delete", edit("", "ldes:versionDeleteObject as:Delete ;", "")),
    ("retention", "none", edit("", "; ldes:retentionPolicy <B/feed/a#retention>", "")),
    (
        "retention",
        "the whole history",
        edit("", "ldes:versionAmount 1", 'ldes:fullLogDuration "P1Y"'),
    ),
    ("epoch", "none before the first", add("", "<B/feed/a> cr:epoch 0 .\n")),
    ("epoch", "two", add("", "<B/feed/a> cr:epoch 1, 2 .\n")),
    ("epoch", "no number", add("", '<B/feed/a> cr:epoch "first" .\n')),
    ("member", "a blank node", add("/p/2", BLANK)),
    ("twice", "on two pages", add("/p/2", member(2, "Create", "y"))),
    ("time", "no zone", edit("/p/2", "04.000Z", "04.000")),
    (
        "time",
        "no time",
        edit("/p/2", 'as:published "2026-01-01T00:00:04.000Z"^^xsd:dateTime ;', ""),
    ),
    ("order", "back in time", edit("/p/2", "cr:seq 4", "cr:seq 0")),
    ("object", "two objects", edit("/p/2", "as:object <B/r/z>", "as:object <B/r/z> , <B/r/w>")),
    ("text-left", "a repaired record", edit("/p/2", "<B/r/z>", "<B/r/x>")),
    ("tombstone", "says why", edit("/p/2", "cr:seq 4 .", 'cr:seq 4 ; cr:because "repair" .')),
    ("tombstone", "has text", add("/p/2", "<B/e/4> { <B/r/z> cr:x 1 }\n")),
    ("bounds", "a member before the bound", edit("", "00:00:03Z", "00:00:04Z")),
    ("bounds", "a link beyond the node's", edit("/i/1", "00:00:03Z", "00:00:09Z")),
    (
        "relation",
        "no value",
        add(
            "",
            "<B/feed/a> tree:relation [ a tree:LessThanRelation ; tree:node <B/feed/a/p/2> ] .\n",
        ),
    ),
    (
        "elsewhere",
        "another site",
        add(
            "",
            "<B/feed/a> tree:relation [ a tree:Relation ; tree:node <http://localhost:1/x> ] .\n",
        ),
    ),
    ("unreadable", "no RDF", add("/p/2", "<<<")),
    (
        "open-immutable",
        "called so too early",
        header("/p/2", "Cache-Control", "max-age=0, immutable"),
    ),
    ("kept-long", "a year", header("/p/1", "Cache-Control", "max-age=31536000, immutable")),
    ("kept-long", "a root for an hour", header("", "Cache-Control", "max-age=3600")),
    ("etag", "none", header("/p/1", "ETag", None)),
    ("vary", "none", header("", "Vary", "Accept-Encoding")),
]


def test_a_sound_feed_has_no_findings(server: Server) -> None:
    report = check(server, sound())
    assert report.findings == []
    assert report.valid
    assert (report.documents, report.members, report.live) == (4, 4, 2)


@pytest.mark.parametrize(("rule", "fault", "change"), TWINS, ids=[f"{r}: {f}" for r, f, _ in TWINS])
def test_a_fault_is_found_by_its_name(
    server: Server, rule: str, fault: str, change: Callable[[Site], None]
) -> None:
    site = sound()
    change(site)
    report = check(server, site)
    assert rule in report.counts, report.to_json()
    assert not report.valid


HOSTILE: list[Callable[[Site], None]] = [
    edit("", '"2026-01-01T00:00:03Z"', '"0001-01-01T00:00:00"'),
    edit("/p/2", "cr:seq 4", 'cr:seq "--5"'),
    edit("/p/2", "cr:seq 4", f'cr:seq "{"9" * 5_000}"'),
    edit("/p/2", "cr:seq 4", f'cr:seq "{"9" * 40}"'),
    edit("", "sh:minCount 1", f'sh:minCount "{"9" * 5_000}"'),
    edit("", "tree:node <B/feed/a/p/2>", 'tree:node "http://["'),
    add("/p/2", "<urn:a> <urn:b> " + "<<( <urn:a> <urn:b> " * 20_000 + "1" + " )>>" * 20_000 + "."),
    add("/p/2", "<urn:a> <urn:b> " + "[ <urn:b> " * 20_000 + "]" * 20_000 + "."),
]


@pytest.mark.parametrize("change", HOSTILE)
def test_a_feed_made_to_break_its_readers_is_reported(
    server: Server, change: Callable[[Site], None]
) -> None:
    site = sound()
    change(site)
    report = check(server, site)
    assert report.documents


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'{"@context":['])
def test_json_nested_without_end_is_unreadable(opening: bytes) -> None:
    with pytest.raises((ValueError, SyntaxError)):
        read(opening * 200_000, "jsonld", "http://x/")


def test_a_file_packed_wrongly_is_unreadable_and_a_name_too_long_is_not_there(
    tmp_path: Path,
) -> None:
    (tmp_path / "feed").mkdir()
    (tmp_path / "feed/a.nq.gz").write_bytes(b"\x1f\x8b\x08 no gzip")
    folder = Folder(tmp_path, "http://x/", "nq", Limits())
    report = verify_feed(folder, "http://x/feed/a")
    assert report.counts == {"unreadable": 1}
    for name in ("a" * 5_000, "a\0b", "\udcff"):
        assert folder.get(f"http://x/feed/{name}").status == 404


def test_the_epoch_of_a_root_is_reported(server: Server) -> None:
    assert check(server, sound()).epoch is None
    site = sound()
    add("", "<B/feed/a> cr:epoch 3 .\n")(site)
    report = check(server, site)
    assert report.valid
    assert report.to_json()["epoch"] == 3


def test_every_rule_has_a_twin_that_breaks_it() -> None:
    assert {rule for rule, _, _ in TWINS} | {"too-large"} == set(RULES)


@pytest.mark.parametrize("limits", [{"documents": 2}, {"members": 1}, {"document_bytes": 1_500}])
def test_what_is_beyond_the_limits_ends_the_check(server: Server, limits: dict[str, int]) -> None:
    report = check(server, sound(), **limits)
    assert "too-large" in report.counts
    assert report.documents <= 4


def test_redirects_without_end_are_a_broken_link(server: Server) -> None:
    site = sound()
    site.moved["/feed/a/p/2"] = "/feed/a/p/2"
    report = check(server, site)
    assert {"link", "redirect"} <= report.counts.keys()


def test_links_in_a_circle_end(server: Server) -> None:
    site = sound()
    site.texts["/feed/a/i/1"] += relation("/i/1", "i/1", GE, 1) + relation("/i/1", "i/1", LT, 3)
    assert check(server, site).documents == 4


def test_a_site_that_does_not_answer_is_a_fault_of_the_environment() -> None:
    with pytest.raises(EnvironmentFault):
        verify_feed(Web("trig", Limits(seconds=1)), "http://127.0.0.1:9/feed/a")


def test_many_findings_are_counted_and_some_are_kept(server: Server) -> None:
    site = sound()
    lines = [f"<B/feed/a#stream> tree:member <B/e/h{n}> .\n" for n in range(KEPT + 5)]
    site.texts["/feed/a/p/2"] += "".join(lines)
    report = check(server, site)
    assert report.counts["hollow"] == KEPT + 5
    assert len(report.findings) == KEPT


@pytest.mark.parametrize("form", ["trig", "nq", "jsonld"])
@pytest.mark.parametrize("packed", [True, False])
def test_a_directory_is_checked_without_a_server(tmp_path: Path, form: str, packed: bool) -> None:
    site = sound()
    site.form = form
    for path in site.texts:
        body = site.body(path, "https://city.example")
        file = tmp_path / f"{path[1:]}.{form}{'.gz' if packed else ''}"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(gzip.compress(body) if packed else body)
    [(path, found)] = roots_in(tmp_path)
    assert (path, found) == ("feed/a", form)
    base = Folder.base_of(tmp_path, path, form, Limits())
    assert base == "https://city.example/"
    report = verify_feed(Folder(tmp_path, base, form, Limits()), base + path)
    assert report.findings == []
    assert (report.members, report.live) == (4, 2)


def test_a_file_that_unpacks_without_end_is_too_large(tmp_path: Path) -> None:
    (tmp_path / "feed").mkdir()
    (tmp_path / "feed/a.nq.gz").write_bytes(gzip.compress(b"#" * 10_000_000))
    limits = Limits(document_bytes=100_000)
    report = verify_feed(Folder(tmp_path, "http://x/", "nq", limits), "http://x/feed/a", limits)
    assert report.counts == {"too-large": 1}


def test_nothing_outside_the_directory_is_read(tmp_path: Path) -> None:
    (tmp_path / "secret.nq").write_text("")
    folder = Folder(tmp_path / "feeds", "http://x/", "nq", Limits())
    assert folder.get("http://x/../secret").status == 404
    assert folder.get("http://y/secret").status == 404


def test_a_directory_without_a_feed_is_a_wrong_call(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        list(roots_in(tmp_path))


def test_findings_are_told_in_both_languages() -> None:
    for rule in RULES:
        zh, en = (Finding(rule, "http://x", "y").text(lang) for lang in ("zh", "en"))
        assert zh != en
        assert all("http://x" in text and "\n" in text for text in (zh, en))


def test_a_packed_file_is_read_whole_or_not_at_all(tmp_path: Path) -> None:
    text = b"<http://x/s> <http://x/p> <http://x/o> .\n"
    whole = gzip.compress(text)
    folder = Folder(tmp_path, "http://x/", "nq", Limits())
    # Cut short, the text is there and its end is not; of two, readers see the first alone.
    for packed, body in ((whole, text), (whole[:-9], whole[:-9]), (whole * 2, whole * 2)):
        (tmp_path / "a.nq.gz").write_bytes(packed)
        assert folder.get("http://x/a").body == body
