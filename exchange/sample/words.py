"""Texts of the sample: Example City (示例市), its districts, offices, violations and names.

No such city exists, so that no company, person or office of these names does. The laws are
real, the facts are not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

CITY: Final = "示例市"
# Invented names; the division digits are those of a real city, since codes need some.
DISTRICTS: Final = (
    ("青屏区", "140403"),
    ("望川区", "140404"),
    ("石汀区", "140405"),
    ("麦泉县", "140423"),
    ("云岑县", "140425"),
    ("松漪县", "140426"),
)
CITY_DIVISION: Final = "140400"
TRADE_HEADS: Final = "云青澜岑麦松汀屏望漪瑾朔禾砚棠霁砺溯篱岫"
TRADE_TAILS: Final = "泉川岚溪岭亭舟谷麓帆垣洲杉晖陌穗"
BUSINESSES: Final = (
    "商贸",
    "建筑工程",
    "物流",
    "食品",
    "环保科技",
    "餐饮管理",
    "农业开发",
    "机械制造",
    "医药",
    "劳务服务",
    "房地产开发",
    "信息技术",
)
FORMS: Final = ("有限公司", "有限责任公司", "股份有限公司")
SHOPS: Final = ("小吃店", "便利店", "理发店", "五金店", "水果店", "修理部", "面馆", "烟酒店")
SURNAMES: Final = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨"
# 某 masks a name in official texts; nobody is called so.
GIVEN: Final = "岚汀岑砚棠霁禾朔瑾溪亭帆"


@dataclass(frozen=True, slots=True)
class Violation:
    """A violation and its penalty; `kinds` are Chinese labels of the code list."""

    violation: str
    facts: str
    basis: str
    kinds: tuple[str, ...]
    fine: tuple[int, int] = (0, 0)  # yuan, from and to


@dataclass(frozen=True, slots=True)
class Office:
    """An authority of Example City and what it punishes; `mark` begins its document numbers."""

    name: str
    serial: int
    mark: str
    cases: tuple[Violation, ...]


_FINE: Final = ("罚款",)
_WARNING: Final = ("警告",)
OFFICES: Final = (
    Office(
        f"{CITY}市场监督管理局",
        1,
        "示市监罚字",
        (
            Violation(
                "经营超过保质期的食品",
                "经查，当事人货架上有超过保质期的预包装食品{number}袋，货值{money}元。",
                "《中华人民共和国食品安全法》第一百二十四条第一款第五项",
                ("罚款", "没收违法所得、没收非法财物"),
                (5_000, 50_000),
            ),
            Violation(
                "未按规定公示年度报告",
                "当事人未在规定期限内公示年度报告，经责令改正后已补报。",
                "《企业信息公示暂行条例》第十八条",
                _WARNING,
            ),
            Violation(
                "发布虚假广告",
                "当事人在其网店页面宣称产品“有效率{number}%”，不能提供依据。",
                "《中华人民共和国广告法》第五十五条第一款",
                _FINE,
                (2_000, 200_000),
            ),
        ),
    ),
    Office(
        f"{CITY}应急管理局",
        2,
        "示应急罚",
        (
            Violation(
                "未如实记录安全生产教育和培训情况",
                "现场检查发现当事人{number}名从业人员的培训记录缺失。",
                "《中华人民共和国安全生产法》第九十七条第四项",
                _FINE,
                (10_000, 100_000),
            ),
            Violation(
                "未在危险因素较大的场所设置安全警示标志",
                "当事人厂区配电室、有限空间共{number}处未设置安全警示标志。",
                "《中华人民共和国安全生产法》第九十九条第一项",
                ("警告", "罚款"),
                (5_000, 50_000),
            ),
        ),
    ),
    Office(
        f"{CITY}生态环境局",
        3,
        "示环罚",
        (
            Violation(
                "超标排放水污染物",
                "监测显示当事人总排口化学需氧量超标{number}%。",
                "《中华人民共和国水污染防治法》第八十三条第二项",
                ("罚款", "责令停产停业"),
                (100_000, 800_000),
            ),
            Violation(
                "未密闭贮存易产生扬尘的物料",
                "当事人堆场约{number}吨砂石未覆盖、未密闭。",
                "《中华人民共和国大气污染防治法》第一百一十七条第一项",
                _FINE,
                (10_000, 100_000),
            ),
        ),
    ),
    Office(
        f"{CITY}住房和城乡建设局",
        4,
        "示建罚",
        (
            Violation(
                "未取得施工许可证擅自施工",
                "当事人承建的项目于检查之日已完成{number}%，未取得施工许可证。",
                "《建筑工程施工许可管理办法》第十二条",
                _FINE,
                (10_000, 30_000),
            ),
            Violation(
                "将工程违法分包",
                "当事人将劳务以外的{number}项工程分包给不具备资质的单位。",
                "《建设工程质量管理条例》第六十二条第一款",
                ("罚款", "降低资质等级"),
                (20_000, 200_000),
            ),
        ),
    ),
    Office(
        f"{CITY}交通运输局",
        5,
        "示交罚",
        (
            Violation(
                "未取得道路运输经营许可从事货运经营",
                "执法人员查获当事人车辆{number}台次从事道路货物运输，无经营许可。",
                "《中华人民共和国道路运输条例》第六十三条",
                ("罚款", "没收违法所得"),
                (3_000, 30_000),
            ),
        ),
    ),
    Office(
        f"{CITY}人力资源和社会保障局",
        6,
        "示人社罚",
        (
            Violation(
                "未按月足额支付劳动者工资",
                "当事人拖欠{number}名劳动者工资，责令限期改正逾期未改。",
                "《保障农民工工资支付条例》第五十四条",
                _FINE,
                (50_000, 100_000),
            ),
        ),
    ),
    Office(
        f"{CITY}卫生健康委员会",
        7,
        "示卫罚",
        (
            Violation(
                "公共场所未按规定开展卫生检测",
                "当事人经营场所连续{number}个月未开展空气质量检测。",
                "《公共场所卫生管理条例实施细则》第三十六条第二项",
                ("警告", "罚款"),
                (500, 2_000),
            ),
            Violation(
                "使用未取得处方权的人员开具处方",
                "当事人使用未取得处方权的人员开具处方{number}张。",
                "《处方管理办法》第五十四条第一项",
                ("罚款", "吊销许可证件"),
                (1_000, 5_000),
            ),
        ),
    ),
    Office(
        f"{CITY}文化和旅游局",
        8,
        "示文旅罚",
        (
            Violation(
                "未与旅游者签订书面合同",
                "当事人组织{number}名旅游者出游，未签订书面旅游合同。",
                "《旅行社条例》第五十五条第一项",
                ("警告", "通报批评"),
            ),
        ),
    ),
)
GROUNDS: Final = {
    "准予修复": "已履行处罚决定，提交了信用承诺书和履行证明，最短公示期已满。",
    "不予修复": "最短公示期未满。",
    "退回补正": "未提交履行证明。",
    "办理中": "",
}
