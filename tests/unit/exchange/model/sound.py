"""Sound rows of every kind and form.

Names are made up and codes are of the never-allotted QQQQ range.
"""

from __future__ import annotations

from typing import Final

Row = dict[str, str]
AUTHORITY: Final = "11140400QQQQ0003X9"
COMPANY: Final = "91140400QQQQ00013E"
TRADER: Final = "92140403QQQQ00021H"
ID_NUMBER: Final = "14040219900307001X"

_UNIT: Final = "长治市测试监督管理局"
_NAME: Final = "长治市测试青松建材有限公司"

PENALTY: Final[Row] = {
    "CF_XDR_MC": _NAME,
    "CF_XDR_LB": "法人及非法人组织",
    "CF_XDR_SHXYM": COMPANY,
    "CF_XDR_GSZC": "1404000000012",
    "CF_FRDB": "测试甲",
    "CF_WSH": "测市监罚〔2026〕12号",
    "CF_WFXW": '销售"不合格"建材',
    "CF_SY": "经查，当事人销售的建材不合格。\n事实清楚。",
    "CF_YJ": "《中华人民共和国产品质量法》第四十九条",
    "CF_CFLB": "罚款；没收违法所得;其他-责令改正",
    "CF_NR": "罚款 2000 元，没收违法所得 100 元。",
    "CF_NR_FK": "0.2",
    "CF_NR_WFFF": "0.01",
    "CF_JDRQ": "2026/2/12",
    "CF_YXQ": "2099-12-31",
    "CF_GSJZQ": "2027-02-12",
    "CF_CFJG": _UNIT,
    "CF_CFJGDM": AUTHORITY,
    "CF_SJLY": _UNIT,
    "CF_SJLYDM": AUTHORITY,
    "BZ": "无",
}
OLD_PENALTY: Final[Row] = {
    "CF_WSH": "测市监罚〔2026〕12号",
    "CF_XDR_MC": _NAME,
    "CF_XDR_SHXYM": COMPANY,
    "CF_XDR_GSDJ": "1404000000012",
    "CF_FR": "测试甲",
    "CF_JDRQ": "2026/2/12",
    "CF_XZJG": _UNIT,
    "CF_ZT": "0",
    "CF_SYFW": "0",
    "DFBM": "140400",
    "SJC": "2026-02-13 09:30:00",
    "CF_CFMC": "销售不合格建材案",
    "CF_CFLB1": "罚款",
    "CF_CFLB2": "没收违法所得",
    "CF_SY": "经查，当事人销售的建材不合格。",
    "CF_YJ": "《中华人民共和国产品质量法》第四十九条",
    "CF_JG": "罚款 2000 元，没收违法所得 100 元。",
    "CF_SXYZCD": "1",
    "CF_GSJZQ": "2027-02-12",
}
LICENCE: Final[Row] = {
    "XK_XDR_MC": _NAME,
    "XK_XDR_LB": "法人及非法人组织",
    "XK_XDR_SHXYM": COMPANY,
    "XK_FRDB": "测试甲",
    "XK_XKWS": "食品经营许可决定书",
    "XK_WSH": "测审批许〔2026〕7号",
    "XK_XKLB": "普通",
    "XK_XKZS": "食品经营许可证",
    "XK_XKBH": "JYQQQQ0001",
    "XK_NR": "预包装食品销售",
    "XK_JDRQ": "2026-01-20",
    "XK_YXQZ": "2026-01-20",
    "XK_YXQZI": "9999-09-09",
    "XK_XKJG": _UNIT,
    "XK_XKJGDM": AUTHORITY,
    "XK_ZT": "1",
    "XK_LYDW": _UNIT,
    "XK_LYDWDM": AUTHORITY,
}
OLD_LICENCE: Final[Row] = {
    "XK_WSH": "测审批许〔2026〕7号",
    "XK_XDR": _NAME,
    "XK_XDR_SHXYM": COMPANY,
    "XK_JDRQ": "2026-01-20",
    "XK_XZJG": _UNIT,
    "XK_ZT": "0",
    "XK_XMMC": "食品经营许可",
    "XK_SPLB": "普通",
    "XK_NR": "预包装食品销售",
    "XK_JZQ": "9999-09-09",
}
ENTRY: Final[Row] = {
    "MD_XDR_MC": _NAME,
    "MD_XDR_LB": "法人及非法人组织",
    "MD_XDR_SHXYM": COMPANY,
    "MD_MC": "市场监督管理严重违法失信名单",
    "MD_WSH": "测市监列〔2026〕3号",
    "MD_JDRQ": "2026-03-01",
    "MD_SY": "受到较重行政处罚",
    "MD_YJ": "《市场监督管理严重违法失信名单管理办法》第二条",
    "MD_LRRQ": "2026-03-02",
    "MD_JZRQ": "2029-03-02",
    "MD_YJ_JLZL": "行政处罚",
    "MD_YJ_JDJG": _UNIT,
    "MD_YJ_JDJGDM": AUTHORITY,
    "MD_YJ_WSH": "测市监罚[2026]12号",
    "MD_RDDW": _UNIT,
    "MD_RDDWDM": AUTHORITY,
    "MD_SJLY": _UNIT,
    "MD_SJLYDM": AUTHORITY,
}
MEASURE: Final[Row] = {
    "CS_BC": "2026",
    "CS_BH": "1.1",
    "CS_MC": "限制参加政府采购",
    "CS_LB": "减损权益类",
    "CS_NR": "一定期限内禁止参加政府采购活动",
    "CS_DX": "政府采购严重违法失信主体",
    "CS_SYMD": "政府采购严重违法失信行为记录名单；市场监督管理严重违法失信名单",
    "CS_YJ": "《中华人民共和国政府采购法》第七十七条",
    "CS_SSZT": "财政部门",
    "CS_SXRQ": "2026-01-01",
    "CS_SJLY": _UNIT,
    "CS_SJLYDM": AUTHORITY,
}
SUBJECT: Final[Row] = {
    "ZT_SHXYM": COMPANY,
    "ZT_MC": _NAME,
    "ZT_CYM": "测试松柏建材厂；测试松柏建材有限公司",
    "ZT_LB": "法人及非法人组织",
    "ZT_LX": "有限责任公司",
    "ZT_DJZT": "存续",
    "ZT_ZS": "长治市测试路 1 号",
    "ZT_ZCZB": "500",
    "ZT_CLRQ": "2015-05-06",
    "ZT_FRDB": "测试甲",
    "ZT_DJJG": _UNIT,
    "ZT_DJJGDM": AUTHORITY,
    "ZT_DFBM": "140400",
    "ZT_SJLY": _UNIT,
    "ZT_SJLYDM": AUTHORITY,
}
CASE: Final[Row] = {
    "XF_SLDW": "长治市测试发展和改革委员会",
    "XF_SLDWDM": AUTHORITY,
    "XF_AJBH": "XF-2026-1",
    "XF_JLZL": "行政处罚",
    "XF_JDJGDM": AUTHORITY,
    "XF_WSH": "测市监罚[2026]12号",
    "XF_XDR_SHXYM": COMPANY,
    "XF_SQRQ": "2026-03-01",
    "XF_JG": "办理中",
}
_NO_TARGET: Final = {"XF_JDJGDM": "", "XF_WSH": "", "XF_XDR_SHXYM": ""}
CASES: Final[dict[str, Row]] = {
    "penalty": CASE,
    "licence": CASE
    | {"XF_JLZL": "行政许可", "XF_WSH": "测审批许[2026]7号", "XF_XKBH": "JYQQQQ0001"},
    "list-entry": CASE
    | {
        "XF_JLZL": "名单条目",
        "XF_JDJGDM": "",
        "XF_WSH": "测市监列[2026]3号",
        "XF_MDMC": "市场监督管理严重违法失信名单",
    },
    "measure": CASE | _NO_TARGET | {"XF_JLZL": "失信惩戒措施", "XF_CSBC": "2026", "XF_CSBH": "1.1"},
}


def _of_a_person(row: Row, prefix: str) -> Row:
    return row | {
        f"{prefix}XDR_MC": "测试乙",
        f"{prefix}XDR_LB": "自然人",
        f"{prefix}XDR_SHXYM": "",
        f"{prefix}FRDB": "",
        f"{prefix}XDR_ZJLX": "身份证",
        f"{prefix}XDR_ZJHM": ID_NUMBER.lower(),
    }


_BARE: Final = {code: text for code, text in ENTRY.items() if not code.startswith("MD_YJ_")}
PERSON: Final = _of_a_person(PENALTY, "CF_")
# One sound row by kind and form, and more about what a kind says otherwise of others.
SOUND: Final[tuple[tuple[str, str, Row], ...]] = (
    ("penalty", "2018", PENALTY),
    ("penalty", "2018", PERSON),
    ("penalty", "2016", OLD_PENALTY),
    ("licence", "2018", LICENCE),
    ("licence", "2018", _of_a_person(LICENCE, "XK_")),
    ("licence", "2016", OLD_LICENCE),
    ("list-entry", "credence", ENTRY),
    ("list-entry", "credence", _of_a_person(ENTRY, "MD_")),
    ("list-entry", "credence", _BARE),
    ("list-entry", "credence", ENTRY | {"MD_YCRQ": "2026-05-01", "MD_YCYY": "已履行义务"}),
    ("measure", "credence", MEASURE),
    ("subject", "credence", SUBJECT),
    *(("repair-case", "credence", row) for row in CASES.values()),
)
