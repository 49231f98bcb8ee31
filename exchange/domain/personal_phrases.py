"""Detects phrases about private persons: homes, descriptions, documents, accounts.

Purpose: the part of the personal-data detectors that reads Chinese phrases. Each pattern begins
with a word, or ends with one, that `WORDS` knows, so that one search rules them all out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from exchange.domain.id_numbers import DIGIT, INVISIBLE_FIRST_PLANE, visible
from exchange.domain.obfuscated_numbers import LIKE_DIGITS

if TYPE_CHECKING:
    from collections.abc import Iterator

ADDRESS: Final = "home-address"
_ROOM: Final = "room"  # of a block of flats: an address, unless a business has it
DESCRIPTION: Final = "person-description"
DOCUMENT: Final = "identity-document"
ACCOUNT: Final = "personal-account"

# Full-width letters, digits and signs, one for one.
_NARROW: Final = {0xFF01 + at: 0x21 + at for at in range(94)} | {0x3000: 0x20}
_UNSEEN: Final = rf"{INVISIBLE_FIRST_PLANE}\U000e0000-\U000e0fff\U00010000-\U0001ffff"
_NUMERAL: Final = "0-9０-９"
# A character that begins nothing costs a few nanoseconds.
_WORDS: Final = re.compile(
    rf"[住籍口居男女出生岁份照证信胞官乡@＠址qQｑＱ家民元卡宝扣xXｘＸtTｔＴnNｎＮ{LIKE_DIGITS}{_UNSEEN}](?:"
    rf"(?<=[{_UNSEEN}])|(?<=[{_NUMERAL}][{LIKE_DIGITS}])|(?<=[{LIKE_DIGITS}])(?=[{_NUMERAL}])|"
    r"(?<=居)所|(?<=家)在|(?<=村民)(?!委)|(?<=单元)|(?<=[社医]保卡)|(?<=保障卡)|(?<=付宝)|(?<=扣扣)|"
    r"(?<=[vVｖＶwWｗＷ][xXｘＸ])|(?<=[hHｈＨ][aAａＡ][tTｔＴ])|(?<=[xXｘＸ][iIｉＩ][nNｎＮ])|"
    r"(?<=[pPｐＰ][oOｏＯ][rRｒＲ][tTｔＴ])|"
    r"(?<=[@＠])|(?<=住)(?![所房建宅宿院户])|(?<=户[籍口])|(?<=籍)贯|(?<=现居)|(?<=[男女])性?[\W_民汉]|"
    rf"(?<=[月日\s{DIGIT}]生)|(?<=年生)(?![产效活成意])|(?<=出)生|(?<=生)[于日]|(?<=[{DIGIT}十周]岁)|(?<=身[份分])|(?<=护照)|"
    r"(?<=[通行住留兵]证)|(?<=[微威薇vVｖＶ]信)|(?<=台胞)|(?<=回乡)|(?<=军官)|(?<=[qQｑＱ]{2})|"
    r"(?<=家庭[地住]址)|(?<=[讯信系达件寄]地址))"
)
_AS: Final = r"[为系是:\s]{0,3}"  # what joins a word and its value
_BIRTH: Final = rf"[{DIGIT}]{{4}}\s*[年.\-/]\s*[{DIGIT}十]{{1,3}}\s*(?:月|[.\-/])"
_HOUSE: Final = rf"(?:[{DIGIT}十]{{1,12}}\s*[号栋幢楼座单室组户弄]|[村屯庄](?![\u4e00-\u9fff]))"
# "blocked the hydrant at 12 ...": 住 that ends a verb.
_VERBS: Final = "入拦堵遮盖挡压围锁卡封缠绊抓保留记顶粘扣捂罩固绑套夹握按止困稳控吸咬钩"
_PLACE: Final = r"[^，。;\n]{0,30}?[省市区县旗乡镇村街路巷道弄]" + rf"[^，。;\n]{{0,40}}?{_HOUSE}"
# "occupies, disturbs villagers": they are no description of somebody.
_NO_DEED: Final = (
    r"(?![^，。；,;\n村]{0,8}(?:影响|侵|损|与|向|对|占|导致|造成|危|组织|要求|给|让|被|和|及|强|拆|为|由"
    r"|经|将|把|雇|供))"
)
_NO_VILLAGERS: Final = (
    r"(?!的|委|小组|代表|自治|会|们|反映|举报|投诉|土地|饮|用水|承包|房屋|集体|服务|监督)"
)
# First characters of the 56 ethnic groups (GB/T 3304).
_PEOPLES: Final = (
    "汉回满蒙藏维苗彝壮布朝侗瑶白土哈傣黎傈佤畲高拉水东纳景柯达"
    "仫羌撒毛仡锡阿普塔怒乌俄鄂德保裕京独门珞基"
)
_HAN: Final = r"[\u4e00-\u9fff]"
# What follows "registered home at" where a text speaks of the word, or of the office in charge.
_NO_PLACE: Final = (
    r"(?!公安|派出|人民|政府|法院|检察|居委|居民|村委|街道|乡镇|管辖|户籍|县|市|区|乡|镇|省|村|社区|本|准|该|各|当地|以外|之外|所在|登记|信息|证明"
    r"|变更|迁|主管|民政|卫生|有关|相关|核实|情况|不|详|相|一致|等|的|不|与|和|及|或|由|未|已|并)"
)
_RESIDENCE: Final = (
    r"(?:户[籍口](?:所?在地|登记地|地址?)|籍贯|身[份分]证(?:件?上?的?|登记的?)[地住]址"
    r"|经常居住地|居住地址?|(?<!经营)(?<!注册)住\s?址)"
)
# Provinces by their short names: a place without any of 省, 市, 县.
_PROVINCES: Final = (
    r"(?:北京|天津|上海|重庆|河[北南]|山[西东]|内蒙|辽宁|吉林|黑龙江|江[苏西]|浙江|安徽|福建|湖[北南]|广[东西]|海南"
    r"|四川|贵州|云南|西藏|陕西|甘肃|青海|宁夏|新疆|台湾|香港|澳门)"
)
_CHAT: Final = r"(?:[微威薇]信|扣扣|(?<![A-Z0-9])(?:qq|we-?chat|weixin|v信|vx|wx))"
_CHAT_NUMBER: Final = rf"(?:{_CHAT}\s*(?:号码?|账号|帐号|id)|支付宝(?:账|帐)?[号户]|{_CHAT})"
# Common families' names of residential quarters.
_QUARTER: Final = r"(?:小区|社区|花园|[新家佳嘉]园|公寓|[苑庭府邸院村里])"
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
            rf"|{_RESIDENCE}(?:[为系是:在于位\s]{{1,4}}{_NO_PLACE}{_HAN}{{2}}|{_PROVINCES}"
            rf"|{_NO_PLACE}{_HAN}{{2,8}}[省市区县旗乡镇村])"
            rf"|(?:通[讯信]|联系|送达|收件|邮寄)地址[为系是:\s]{{0,3}}[^，。；;\n]{{0,20}}?{_QUARTER}"
            rf"[^，。；;\n]{{0,8}}?[{DIGIT}]{{1,4}}号?[栋幢楼座]"
            rf"|居所(?:地址?)?[为系是:在于位\s]{{1,4}}{_NO_PLACE}{_HAN}{{2}}"
            rf"|(?<![商厂专国大玩买卖店东农独作行全各几两三四五六七八九十一每多公])家在(?!{_HAN}{{0,2}}[时中后前])"
            rf"[^，。；;\n]{{1,20}}?(?:{_HOUSE}|小区|[村屯庄镇乡])"
        ),
    ),
    (
        ADDRESS,
        re.compile(
            rf"(?:系|(?:当事人|本人|其|均)[为是]|[，,(:]{_NO_DEED})[^，。；,;\n]{{1,20}}?村(?:[^，。；,;\n]{{0,8}}[组队社屯])?的?村民{_NO_VILLAGERS}"
            rf"|村[^，。；,;\n]{{0,6}}[组队社屯]的?村民{_NO_VILLAGERS}"
        ),
    ),
    (
        _ROOM,
        re.compile(
            rf"{_QUARTER}[^，。；;\n]{{0,8}}?[{DIGIT}A-Z]{{1,4}}号?[栋幢楼座]楼?"
            rf"[^，。；;\n{DIGIT}]{{0,4}}[{DIGIT}]{{1,3}}单元\s*[{DIGIT}]{{1,5}}",
            re.IGNORECASE,
        ),
    ),
    (
        DESCRIPTION,
        re.compile(
            rf"[男女]性?[，,、;\s]{{0,2}}民族{_AS}[{_PEOPLES}]"
            rf"|[男女]性?[，,、;\s]{{1,2}}(?:[\u4e00-\u9fff]{{1,5}}族(?![\u4e00-\u9fff])"
            rf"|(?:现?年)?[{DIGIT}十]{{2,3}}\s*周?岁|{_BIRTH}|[^。；;\n]{{0,12}}?[{DIGIT}]{{4}}\s*年?\s*(?:出生|生(?![产效活成意长态]))|(?:初中|高中|小学|大专|本科|中专)文化)"
            rf"|现年\s*[{DIGIT}十]{{1,4}}\s*周?岁"
        ),
    ),
    (
        DESCRIPTION,
        re.compile(
            rf"{_BIRTH}(?:\s*[{DIGIT}十]{{1,3}}\s*日?)?\s*(?:出生|生(?![产效活成意长态]))"
            rf"|[1１一壹][9９九玖][{DIGIT}]{{2}}\s*年\s*(?:出生|生(?:人|于|[，。,;)]|$))"
            rf"|(?:出生(?:日期|年月|于)?|生于|生日){_AS}[{DIGIT}]{{4}}\s*[年.\-/]"
        ),
    ),
    (
        DOCUMENT,
        re.compile(
            r"(?:护照|通行证|台胞证|回乡证|军官证|士兵证|居留证|居住证)(?:号码?|编号)?[为系是:\s(]{0,4}"
            r"[A-Za-z]{0,3}[0-9]{6,12}"
            r"|(?<![A-Za-z0-9])[A-Za-z]{1,3}[0-9]{6,9}\s*号?的?(?:[\u4e00-\u9fff]{0,4}?护照|[\u4e00-\u9fff]{0,8}?通行证"
            r"|军官证|士兵证|居留证)"
            r"|(?i:passport)\s*(?i:number|no|№|#)?[\s.:)(#]{0,4}[A-Za-z]{0,3}[0-9]{6,12}"
            r"|(?:社保卡|医保卡|社会保障卡)(?:号码?|编号)?[为系是:\s(]{0,4}[A-Za-z]{0,3}[0-9]{6,18}"
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
            r"mailto:\s*[\w.+-]{1,64}\s*@"
            r"|[\w.+-]{2,64}\s{0,3}@\s{0,3}(?:qq|vip\.qq|foxmail|163|126|139|189|yeah|sina|sohu|aliyun|gmail|hotmail"
            r"|outlook|icloud|wo)\s{0,3}\.\s{0,3}(?:com|cn|net)"
            rf"|{_CHAT_NUMBER}[为系是:\s(\"“”'【\[<]{{1,4}}[A-Za-z0-9_-]{{5,20}}"
            rf"|(?:{_CHAT}\s*(?:号码?|账号|帐号|id)|支付宝(?:账|帐)?[号户])[A-Za-z0-9_-]{{5,20}}"
            # Without anything between: a letter first and a digit after it, as such names have.
            r"|[微威薇]信(?=[A-Za-z_-]{0,19}[0-9])[A-Za-z][A-Za-z0-9_-]{5,19}"
            r"|(?<![A-Za-z0-9])(?:qq|扣扣)群?[0-9]{5,11}(?![0-9])",
            re.ASCII | re.IGNORECASE,
        ),
    ),
)


_PREMISES: Final = re.compile(
    r"(?:营业?|办公|注册|生产|门店|店铺|公司|厂址|仓库|(?<!其)住所)[^，。；;\n]{0,16}$"
)
_BEFORE: Final = 24  # characters before an address in which the text says whose it is


def has_words(text: str) -> bool:
    """Return whether the text may contain a phrase about a person."""
    return _WORDS.search(text) is not None


def personal_phrases(text: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield the rule and position of every phrase about a person."""
    plain = visible(text).translate(_NARROW)
    for rule, pattern in _PATTERNS:
        for match in pattern.finditer(plain):
            if rule is not _ROOM:
                yield rule, match.span()
            elif not _PREMISES.search(plain, max(0, match.start() - _BEFORE), match.start()):
                yield ADDRESS, match.span()
