"""What the personal-data gate catches of planted ID numbers, and what it holds of clean rows.

    python benchmarks/intake/personal_data.py --planted 10000 --clean 20000 --seed 1

Rows are those of the sample. Planted: an ID number of no region, or the one printed in GB
11643-1999, in one public text, code or number column of every kind, in one of many writings; it is
public where the row is taken and a public statement has its digits. Telling: chat accounts, homes,
births, telephones, cards, passports and disguised numbers among the facts; none may pass. Clean:
numbers made up by the rules of permits, projects, cases, registrations, accounts. Counts, no
times: a busy machine does no harm. Kept as benchmarks/results/intake-personal-data.json;
exits 1 where a target is missed.
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import random
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))
from benchmarks.harness import written  # noqa: E402 (a script is run by its path)
from exchange.domain.disclosure_levels import PAGE_LETTERS, VIEW_LETTERS, Tier  # noqa: E402
from exchange.domain.id_numbers import registration_number, runs  # noqa: E402
from exchange.model import FieldType, compile_kind, load_model  # noqa: E402
from exchange.sample.codes import id_number  # noqa: E402
from exchange.sample.generator import generate  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from exchange.model import CompiledKind

EXAMPLE: Final = "11010519491231002X"
FORMS: Final = {"penalty": "2018", "licence": "2018", "subject": "credence"} | {
    "list-entry": "credence",
    "measure": "credence",
}
_CHINESE: Final = str.maketrans("0123456789", "〇一二三四五六七八九")
_FORMAL: Final = str.maketrans("0123456789", "零壹贰叁肆伍陆柒捌玖")
_WIDE: Final = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")
WRITINGS: Final[dict[str, Callable[[str], str]]] = {
    "plain": str,
    "lower": str.lower,
    "full-width": lambda n: n.translate(_WIDE),
    "chinese": lambda n: n.translate(_CHINESE),
    "formal": lambda n: n.translate(_FORMAL),
    "spaced": lambda n: f"{n[:6]} {n[6:-4]} {n[-4:]}",
    "each digit": " ".join,
    "hyphens": lambda n: f"{n[:6]}-{n[6:-4]}-{n[-4:]}",
    "dots": lambda n: f"{n[:3]}·{n[3:9]}·{n[9:]}",
    "invisible": lambda n: "\u200b".join([n[:4], n[4:9], n[9:]]),
    "mixed": lambda n: n[:6].translate(_CHINESE) + n[6:-4] + n[-4:].translate(_WIDE),
}
WITHIN: Final = (
    "{}",
    "{old}{}",
    "{}{old}",
    "当事人（身份证号{}）{old}",
    "{old}，持证人{}。",
    "证号{}",
)
# What else tells of a person; {} is some digits of chance, the others are filled by `_told`.
TELLING: Final = {
    "chat": (
        "微信号demo_{}",
        "微信demo{}",
        "微信号（demo{}）",
        "WeChat: demo{}",
        "vx:demo{}",
        "QQ{}",
        "QQ号{}",
        "mailto:demo{}@mail.example",
        "demo{} @ 163 . com",
    ),
    "home": (
        "身份证地址：示例省示例市{}号",
        "户口所在地示例村",
        "籍贯山西",
        "居所：示范小区{}栋",
        "经常居住地示例镇",
        "其家在示范小区",
        "系示范村五组村民",
        "示范小区3栋2单元401室",
        "住\u200b址：示范小区",
        "住\u3164址：示范小区",
        "住\ufe0f址：示范小区",
    ),
    "birth": ("某甲，男，1971年出生", "某甲，女，1984年生，"),
    "mobile": (
        "13900 {m}",
        "13900\n{m}",
        "139，00{m2}，{m4}",
        "139*00{m2}*{m4}",
        "1 3 9-00{m2}-{m4}",
        "编号13900{m}",
        "某甲13900{m}处",
    ),
    "card": ("卡号62{c}", "银行卡4{c}", "卡号5{c}", "本人账号62{c}"),
    "passport": ("持E{}号护照", "passport no. E{}"),
    "id number": (
        "{a}年{b}号{c4}",
        "{a}（出生）{b}（序号）{c4}",
        "{O}",
        "{l}",
        "{bengali}",
        "{hindi}",
    ),
}
SHORT: Final = 15
REGISTRATION: Final = "businessRegistrationNumber"


class Rows:
    """Sound rows of the sample, by kind."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        model = load_model()
        generate(600, 5, folder)
        self.compiled = {slug: compile_kind(model, slug) for slug in FORMS}
        self.rows = {slug: list(self._sound(folder, slug)) for slug in FORMS}
        self._chance = chance

    def _sound(self, folder: Path, slug: str) -> Iterator[dict[str, str]]:
        kind = self.compiled[slug].kind
        names = {column[0][1].label: code for code, column in kind.columns(FORMS[slug]).items()}
        with (folder / f"{slug}.csv").open(encoding="utf-8-sig", newline="") as stream:
            for cells in csv.DictReader(stream):
                row = {names.get(name, name): text for name, text in cells.items()}
                if not self.refused(slug, row)[0]:
                    yield row

    def draw(self) -> tuple[str, dict[str, str]]:
        """Return a kind and one of its rows."""
        slug = self._chance.choice(list(FORMS))
        return slug, dict(self._chance.choice(self.rows[slug]))

    def refused(self, slug: str, row: dict[str, str]) -> tuple[set[str], dict[str, Any]]:
        """Return the gravest severities of a row's findings, and its record."""
        record, problems = self.compiled[slug].read_and_check(row, FORMS[slug])
        return {item.severity for item in problems} & {"error", "held"}, record


def public(compiled: CompiledKind, record: dict[str, Any]) -> str:
    """Return the objects of the statements that the public can see."""
    letters = VIEW_LETTERS[Tier.PUBLIC] | PAGE_LETTERS
    lines = compiled.submission(record).body.splitlines()
    return "\n".join(line.split(" ", 2)[-1] for line in lines if line[0] in letters)


def columns(compiled: CompiledKind, form: str) -> list[tuple[str, str, bool]]:
    """Return the public text and number columns: code, field, whether it is a number."""
    return [
        (code, field.name, field.field_type is FieldType.MONEY)
        for code, filled in compiled.kind.columns(form).items()
        for field, _ in filled
        if field.disclosure in ("public-open", "public-page")
        and field.field_type in (FieldType.TEXT, FieldType.MONEY, FieldType.ORGANISATION)
    ]


def number(chance: random.Random, length: int) -> str:
    """Return an ID number that is nobody's."""
    if length == len(EXAMPLE) and not chance.randrange(10):
        return EXAMPLE
    born = chance.randrange(1940, 2000)
    day = dt.date(born, chance.randrange(1, 13), chance.randrange(1, 29))
    whole = id_number(day, chance.randrange(1000))
    return whole if length == len(EXAMPLE) else whole[:6] + whole[8:17]


def planted(rows: Rows, chance: random.Random, count: int) -> dict[str, Any]:
    """Plant numbers; return what became of them."""
    fates: Counter[str] = Counter(public=0)
    apart: Counter[str] = Counter()
    stuck: Counter[str] = Counter()
    leaks: list[tuple[str, str, str]] = []
    for _ in range(count):
        slug, row = rows.draw()
        compiled = rows.compiled[slug]
        code, name, is_number = chance.choice(columns(compiled, FORMS[slug]))
        length = chance.choice((18, SHORT))
        own = number(chance, length)
        writing = chance.choice(list(WRITINGS))
        text = WRITINGS[writing](own)
        if not is_number:
            text = chance.choice(WITHIN).replace("{}", text).replace("{old}", row.get(code) or "")
        row[code] = text
        glued = length == SHORT and f"\n{own}\n" not in f"\n{_groups(text)}\n"
        severities, record = rows.refused(slug, row)
        taken = "taken_into_columns_not_public"
        fate = "refused" if "error" in severities else "held" if severities else taken
        seen = fate == taken and own in _digits(public(compiled, record))
        fate = "public" if seen else fate
        if name == REGISTRATION and length == SHORT:
            apart[fate] += 1
        elif glued:
            stuck[fate] += 1
        else:
            fates[fate] += 1
            if seen:
                leaks.append((slug, code, writing))
    return {
        "fates": fates,
        "registration_of_15": apart,
        "of_15_within_longer_numbers": stuck,
        "leaked": [" ".join(leak) for leak in leaks[:20]],
    }


def _told(chance: random.Random, pattern: str) -> str:
    own = number(chance, len(EXAMPLE))
    digits = "".join(chance.choices("0123456789", k=16))
    bengali = own.translate(str.maketrans("0123456789", "০১২৩৪৫৬৭৮৯"))
    hindi = own.translate(str.maketrans("0123456789", "०१२३४५६७८९"))
    return pattern.format(
        f"1{digits[:7]}",
        m=digits[:6],
        m2=digits[:2],
        m4=digits[2:6],
        c=digits[:14] + "0",
        a=own[:6],
        b=own[6:14],
        c4=own[14:],
        bengali=bengali,
        hindi=hindi,
        O=own.replace("0", "O"),
        l=own.replace("1", "l"),
    )


def telling(rows: Rows, chance: random.Random, count: int) -> dict[str, Any]:
    """Plant phrases and numbers of every class into the public texts of facts and content."""
    fates: dict[str, Counter[str]] = {name: Counter(passed=0) for name in TELLING}
    passed: Counter[str] = Counter()
    for _ in range(count):
        slug = chance.choice(list(PLACES))
        row = dict(chance.choice(rows.rows[slug]))
        code = chance.choice(("CF_SY", "CF_NR") if slug == "penalty" else ("XK_NR",))
        name = chance.choice(list(TELLING))
        pattern = chance.choice(TELLING[name])
        row[code] = f"{row.get(code) or ''}经查，{_told(chance, pattern)}，责令改正。"
        severities, _ = rows.refused(slug, row)
        fate = "refused" if "error" in severities else "held" if severities else "passed"
        fates[name][fate] += 1
        passed.update([pattern] if fate == "passed" else [])
    return {"fates": fates, "passed": dict(passed)}


def _groups(text: str) -> str:
    """Return the numbers of a text, whole or as its separate groups, a line each."""
    lines = []
    for run in runs(text, SHORT):
        bounds = [*run.starts, len(run.value)]
        spans = ((a, b) for a in bounds for b in bounds if b - a == SHORT)
        lines += [run.value[a:b] for a, b in spans]
    return "\n".join(lines)


def _digits(text: str) -> str:
    return "\n".join(run.value for run in runs(text, 15))


def clean_text(chance: random.Random) -> dict[str, str]:
    """Return texts for columns of a penalty or licence, with numbers as offices write them."""
    division = chance.choice(("140404", "140423", "140426"))
    day = f"{chance.randrange(2015, 2027)}{chance.randrange(1, 13):02}{chance.randrange(1, 29):02}"
    digits = "".join(chance.choices("0123456789", k=30))
    permit = f"{division}{day}{digits[:2]}0{digits[2]}"
    project = f"{day[:4]}-{division}-{digits[:2]}-0{digits[2]}-{digits[3:9]}"
    account = digits[: chance.choice((12, 14, 15, 16, 17, 18, 19, 20))]
    case = f"（{day[:4]}）{division[2:]}行{digits[:5]}号"
    registration = next(
        item for last in range(10) if registration_number(item := f"{division}{digits[:8]}{last}")
    )
    phone = f"0355-{digits[:7]}"
    return {
        "permit": f"施工许可证编号{permit}，项目代码{project}",
        "permit alone": permit,
        "plan": f"建字第{division}{day[:4]}{digits[:5]}号",
        "project alone": project.replace("-", ""),
        "case": f"案号{case}，卷号{division}{day}{digits[:6]}",
        "registration": f"营业执照注册号{registration}",
        "account": f"缴款账号{account}，开户行示例银行",
        "account alone": account,
        "villagers": "影响示范村村民出行，移送户籍所在地公安机关，以居住地为准，"
        f"编号{division}{digits[:5]}",
        "premises": f"经营场所位于示范小区{digits[0]}栋1单元{digits[1:4]}室，关注微信公众号领奖",
        "phone": f"举报电话{phone}，住所地示例市示范街{digits[:2]}号",
        "number": registration,
    }


PLACES: Final = {
    "penalty": {
        "CF_WSH": ("permit alone", "plan", "case"),
        "CF_SY": ("permit", "account", "phone", "villagers", "premises"),
        "CF_NR": ("account", "registration", "case"),
        "CF_NR_ZKDX": ("permit", "account alone"),
        "CF_XDR_GSZC": ("number",),
    },
    "licence": {
        "XK_WSH": ("plan", "case"),
        "XK_XKBH": ("permit alone", "project alone"),
        "XK_NR": ("permit", "phone", "account", "villagers", "premises"),
        "XK_XDR_GSZC": ("number",),
    },
}


def clean(rows: Rows, chance: random.Random, count: int) -> dict[str, Any]:
    """Fill clean rows with such numbers; return what became of them."""
    fates: Counter[str] = Counter(refused=0, held=0)
    why: Counter[str] = Counter()
    for _ in range(count):
        slug = chance.choice(list(PLACES))
        row = dict(chance.choice(rows.rows[slug]))
        texts = clean_text(chance)
        for code, names in PLACES[slug].items():
            row[code] = texts[chance.choice(names)]
        _, problems = rows.compiled[slug].read_and_check(row, FORMS[slug])
        grave = [item for item in problems if item.severity in ("error", "held")]
        severities = {item.severity for item in grave}
        fates["refused" if "error" in severities else "held" if severities else "taken"] += 1
        why.update(f"{item.column} {item.rule}" for item in grave)
    return {"fates": fates, "why": dict(why)}


def main() -> None:
    """Count, print and keep."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--planted", type=int, default=10_000)
    parser.add_argument("--clean", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    chance = random.Random(chosen.seed)
    with tempfile.TemporaryDirectory() as name:
        rows = Rows(Path(name), chance)
        found = planted(rows, chance, chosen.planted)
        told = telling(rows, chance, chosen.planted)
        spared = clean(rows, chance, chosen.clean)
    reached = (
        not found["fates"]["public"]
        and not told["passed"]
        and not spared["fates"]["refused"]
        and spared["fates"]["held"] <= chosen.clean / 1000
    )
    figures = {"planted": found, "telling": told, "clean": spared, "reached": reached}
    written("intake-personal-data", figures, [])
    raise SystemExit(0 if reached else 1)


if __name__ == "__main__":
    main()
