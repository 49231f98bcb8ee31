"""Words by which a text tells of a private person: homes, descriptions, documents, accounts.

Purpose: the part of the personal-data detectors that reads Chinese phrases. Each pattern begins
with a word, or ends with one, that `WORDS` knows, so that one search rules them all out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from exchange.domain.id_numbers import DIGIT

if TYPE_CHECKING:
    from collections.abc import Iterator

ADDRESS: Final = "home-address"
DESCRIPTION: Final = "person-description"
DOCUMENT: Final = "identity-document"
ACCOUNT: Final = "personal-account"

# Full-width letters, digits and signs, one for one.
_NARROW: Final = {0xFF01 + at: 0x21 + at for at in range(94)} | {0x3000: 0x20}
# A character that begins nothing costs a few nanoseconds.
_WORDS: Final = re.compile(
    r"[住籍口居男女出生岁份照证信胞官乡@＠址qQｑＱ](?:"
    r"(?<=[@＠])|(?<=住)(?![所房建宅宿院户])|(?<=户[籍口])|(?<=籍)贯|(?<=现居)|(?<=[男女])性?[\W_民汉]|"
    rf"(?<=[月日\s{DIGIT}]生)|(?<=出)生|(?<=生)[于日]|(?<=[{DIGIT}十周]岁)|(?<=身[份分])|(?<=护照)|"
    r"(?<=[通行住留兵]证)|(?<=[微威]信)|(?<=台胞)|(?<=回乡)|(?<=军官)|(?<=[qQｑＱ]{2})|"
    r"(?<=家庭[地住]址))"
)
_AS: Final = r"[为系是:\s]{0,3}"  # what joins a word and its value
_BIRTH: Final = rf"[{DIGIT}]{{4}}\s*[年.\-/]\s*[{DIGIT}十]{{1,3}}\s*(?:月|[.\-/])"
_HOUSE: Final = rf"(?:[{DIGIT}十]{{1,12}}\s*[号栋幢楼座单室组户弄]|[村屯庄](?![\u4e00-\u9fff]))"
# "blocked the hydrant at 12 ...": 住 that ends a verb.
_VERBS: Final = "入拦堵遮盖挡压围锁卡封缠绊抓保留记顶粘扣捂罩固绑套夹握按止困稳控吸咬钩"
_PLACE: Final = r"[^，。;\n]{0,30}?[省市区县旗乡镇村街路巷道弄]" + rf"[^，。;\n]{{0,40}}?{_HOUSE}"
# First characters of the 56 ethnic groups (GB/T 3304).
_PEOPLES: Final = (
    "汉回满蒙藏维苗彝壮布朝侗瑶白土哈傣黎傈佤畲高拉水东纳景柯达"
    "仫羌撒毛仡锡阿普塔怒乌俄鄂德保裕京独门珞基"
)
_PATTERNS: Final[tuple[tuple[str, re.Pattern[str]], ...]] = (
    (
        ADDRESS,
        re.compile(
            rf"(?:(?<![{_VERBS}])居?住(?![所房建宅宿院户])|现居|家庭地)[在于址地为系:\s]{{0,4}}{_PLACE}"
            rf"|户[籍口][所在地为址系:\s]{{0,6}}{_PLACE}"
        ),
    ),
    (
        ADDRESS,
        re.compile(
            rf"(?:户[籍口](?:所在地|地址?)|家庭住?址|籍贯){_AS}[\u4e00-\u9fff]{{2,8}}[省市区县旗]"
        ),
    ),
    (
        DESCRIPTION,
        re.compile(
            rf"[男女]性?[，,、;\s]{{0,2}}民族{_AS}[{_PEOPLES}]"
            rf"|[男女]性?[，,、;\s]{{1,2}}(?:[\u4e00-\u9fff]{{1,5}}族(?![\u4e00-\u9fff])"
            rf"|(?:现?年)?[{DIGIT}十]{{2,3}}\s*周?岁|{_BIRTH}|(?:初中|高中|小学|大专|本科|中专)文化)"
            rf"|现年\s*[{DIGIT}十]{{1,4}}\s*周?岁"
        ),
    ),
    (
        DESCRIPTION,
        re.compile(
            rf"{_BIRTH}(?:\s*[{DIGIT}十]{{1,3}}\s*日?)?\s*(?:出生|生(?![产效活成意长态]))"
            rf"|(?:出生(?:日期|年月|于)?|生于|生日){_AS}[{DIGIT}]{{4}}\s*[年.\-/]"
        ),
    ),
    (
        DOCUMENT,
        re.compile(
            r"(?:护照|通行证|台胞证|回乡证|军官证|士兵证|居留证|居住证)(?:号码?|编号)?[为系是:\s(]{0,4}"
            r"[A-Za-z]{0,3}[0-9]{6,12}"
        ),
    ),
    (
        DOCUMENT,
        re.compile(
            rf"(?:身[份分]证|公民身份|身份号)[^，。,;\n{DIGIT}*]{{0,8}}[{DIGIT}]{{10,20}}(?![{DIGIT}*])"
        ),
    ),
    (
        ACCOUNT,
        re.compile(
            r"[\w.+-]{2,64}@(?:qq|vip\.qq|foxmail|163|126|139|189|yeah|sina|sohu|aliyun|gmail|hotmail"
            r"|outlook|icloud|wo)\.(?:com|cn|net)"
            r"|(?:微信|威信|[qQ]{2})号?[为系是:\s]{1,3}[A-Za-z0-9_-]{5,20}",
            re.ASCII | re.IGNORECASE,
        ),
    ),
)


def has_words(text: str) -> bool:
    """Whether the text may tell of a person in words."""
    return _WORDS.search(text) is not None


def told_in_words(text: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield the rule and place of every phrase that tells of a person."""
    plain = text.translate(_NARROW)
    for rule, pattern in _PATTERNS:
        for found in pattern.finditer(plain):
            yield rule, found.span()
