"""One address for each sort of page, found in the data of the city that is visited."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from exchange.domain.identifiers import id_of
from tests.browser import hostile
from tests.serving import City

NS = "https://w3id.org/credence/ns#"
NAMED = "SELECT ?r {{ ?r <{property}> {value} }}"


@dataclass
class Places:
    """Paths by name; asked of the city once."""

    city: City
    kept: dict[str, str] = field(default_factory=dict)

    def path(self, place: str, lang: str = "zh") -> str:
        if place not in self.kept:
            self.kept[place] = PLACES[place](self)
        path, mark, fragment = self.kept[place].partition("#")
        if lang == "zh":
            return path + mark + fragment
        return f"{path}{'&' if '?' in path else '?'}lang={lang}{mark}{fragment}"

    @staticmethod
    def status(place: str) -> int:
        return {"not-found": 404, "no-code": 404, "gone": 410}.get(place, 200)

    def record(self, name: str) -> str:
        return f"/record/{id_of(min(self.city.live(name)))}"

    def named(self, name: str, value: str) -> str:
        """Return the path of the record with that value of a property."""
        query = NAMED.format(property=NS + name, value=json.dumps(value, ensure_ascii=False))
        answer = json.loads(self.city.get(f"/sparql?query={quote(query)}", "application/json"))
        return f"/record/{id_of(answer['results']['bindings'][0]['r']['value'])}"

    def hostile(self, name: str) -> str:
        return self.named("documentNumber", hostile.number_of(hostile.NAMES.index(name)))

    def list(self) -> str:
        """Return the path of a list that has entries."""
        page = self.city.get("/lists", "text/html").decode()
        return "/list/" + page.partition('href="/list/')[2].partition('"')[0]

    def subject_on_a_list(self) -> str:
        query = f"SELECT ?c {{ ?e <{NS}onList> ?l ; <{NS}uscc> ?c }} ORDER BY ?c LIMIT 1"
        answer = json.loads(self.city.get(f"/sparql?query={quote(query)}", "application/json"))
        return f"/subject/{answer['results']['bindings'][0]['c']['value']}"

    def gone(self) -> str:
        path = f"/record/{id_of(max(self.city.live('ListEntry')))}"
        self.city.run("withdraw", path.rpartition("/")[2], "--because", "repair")
        return path


_QUERY = quote("SELECT ?s ?p ?o { ?s ?p ?o } LIMIT 5")

PLACES: Mapping[str, Callable[[Places], str]] = {
    "home": lambda _: "/",
    "search": lambda _: f"/search?q={quote('示例市')}",
    "search-next": lambda _: f"/search?q={quote('示例市')}&page=2",
    "search-nothing": lambda _: f"/search?q={quote('<b>没有</b>')}",
    "search-slip": lambda _: f"/search?q={hostile.mistyped(2)}",
    "lists": lambda _: "/lists",
    "list": lambda at: at.list(),
    "list-empty": lambda _: "/list/fire-safety",
    "datasets": lambda _: "/datasets",
    "dataset-penalty": lambda _: "/dataset/penalty",
    "dataset-list-entry": lambda _: "/dataset/list-entry",
    "status": lambda _: "/status",
    "sparql": lambda _: "/sparql",
    "sparql-answer": lambda _: f"/sparql?query={_QUERY}",
    "vocabulary": lambda _: "/ns",
    "code-list": lambda _: "/code/penalty-kind",
    "record-penalty": lambda at: at.record("AdministrativePenalty"),
    "record-licence": lambda at: at.record("AdministrativeLicence"),
    "record-list-entry": lambda at: at.record("ListEntry"),
    "record-measure": lambda at: at.record("DisciplinaryMeasure"),
    "record-subject": lambda at: at.record("RegisterRecord"),
    "record-script": lambda at: at.hostile(hostile.SCRIPT),
    "record-turned": lambda at: at.hostile(hostile.TURNED),
    "record-endless": lambda at: at.hostile(hostile.ENDLESS),
    "subject": lambda _: f"/subject/{hostile.code(2)}",
    "subject-on-a-list": lambda at: at.subject_on_a_list(),
    "subject-script": lambda _: f"/subject/{hostile.code(0)}",
    "subject-endless": lambda _: f"/subject/{hostile.code(3)}",
    "authority": lambda _: "/subject/11140400QQQQ00013N",
    "not-found": lambda _: "/no-such-page",
    "no-code": lambda _: "/subject/11140400QQQQ0000XX",
    "gone": lambda at: at.gone(),
}
