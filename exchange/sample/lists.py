"""Texts of the sample: licences, lists, and measures of an invented edition.

The measures paraphrase kinds that the laws named beside them know
(docs/design/intake.md "The sample"); edition and wording are invented.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

# Divisions that were replaced in 2018, and one of another city: both are normal in real files.
RETIRED: Final = ("140402", "140411", "140421", "140424", "140481")
ELSEWHERE: Final = "140105"
CAPITALS: Final = (  # the writings of one capital; the column's unit is 10,000 yuan
    "{ten_thousands}",
    "{ten_thousands}万元",
    "{ten_thousands}万",
    "{ten_thousands}.00万元人民币",
    "人民币{ten_thousands}万元",
    "{ten_thousands}万人民币",
    "{yuan}元",
    "{ten_thousands}万元（人民币）",
    "N/A",
)
STATUSES: Final = ("存续", "存续（在营、开业、在册）", "在业", "开业", "吊销，未注销", "迁出")
INDUSTRIES: Final = ("批发和零售业", "建筑业", "制造业", "住宿和餐饮业", "交通运输、仓储和邮政业")


@dataclass(frozen=True, slots=True)
class LicenceType:
    """A licence that an office of the sample grants; `office` is an index into `words.OFFICES`."""

    office: int
    title: str
    kind: str
    certificate: str
    content: str
    mark: str


LICENCE_TYPES: Final = (
    LicenceType(
        0, "准予食品经营许可决定书", "普通", "食品经营许可证", "准予从事预包装食品销售。", "JY"
    ),
    LicenceType(
        1, "危险化学品经营许可决定书", "特许", "危险化学品经营许可证", "准予经营，不带储存。", "WH"
    ),
    LicenceType(
        2, "排污许可决定书", "普通", "排污许可证", "准予按许可证载明的限值排放水污染物。", "PW"
    ),
    LicenceType(
        3, "建筑业企业资质许可决定书", "认可", "建筑业企业资质证书", "准予施工总承包三级。", "JZ"
    ),
    LicenceType(
        4,
        "道路运输经营许可决定书",
        "其他-网络货运",
        "道路运输经营许可证",
        "准予从事普通货运。",
        "YS",
    ),
    LicenceType(
        6, "公共场所卫生许可决定书", "普通", "公共场所卫生许可证", "准予经营住宿场所。", "WS"
    ),
    LicenceType(
        7,
        "旅行社业务经营许可决定书",
        "登记",
        "旅行社业务经营许可证",
        "准予经营国内旅游业务。",
        "LX",
    ),
)


class DesignationList(NamedTuple):
    """A list of designated subjects; `office` is an index into `words.OFFICES`."""

    office: int
    name: str
    basis: str
    years: int


DESIGNATION_LISTS: Final = (
    DesignationList(
        0, "市场监督管理严重违法失信名单", "《市场监督管理严重违法失信名单管理办法》", 3
    ),
    DesignationList(0, "经营异常名录", "《企业信息公示暂行条例》第十七条", 3),
    DesignationList(1, "安全生产严重失信主体名单", "《安全生产严重失信主体名单管理办法》", 3),
    DesignationList(
        5, "拖欠农民工工资失信惩戒对象", "《拖欠农民工工资失信联合惩戒对象名单管理暂行办法》", 3
    ),
    DesignationList(5, "重点关注对象名单", "示例市重点关注对象管理规定", 3),
    DesignationList(3, "建筑市场主体严重失信名单", "《建筑市场信用管理暂行办法》", 3),
    DesignationList(7, "文化和旅游市场严重失信主体名单", "《文化和旅游市场信用管理规定》", 3),
)
REDUCES: Final = "依法依规减损信用主体权益的措施"
MANAGES: Final = "不减损信用主体权益的管理措施"
VOLUNTARY: Final = "市场主体自主采取的措施"
EDITION: Final = "示例市2026年版"


class MeasureRow(NamedTuple):
    """One measure of the sample's edition."""

    name: str
    category: str
    target: str
    lists: str
    basis: str
    unit: str


_JUDGMENT: Final = "失信被执行人"
MEASURES: Final = (
    MeasureRow(
        "限制参加政府采购活动",
        REDUCES,
        "严重违法失信主体",
        "政府采购严重违法失信行为记录名单；重大税收违法失信主体",
        "《中华人民共和国政府采购法》第二十二条",
        "财政部门",
    ),
    MeasureRow(
        "限制参加工程招标投标",
        REDUCES,
        "严重违法失信主体",
        "市场监督管理严重违法失信名单;拖欠农民工工资失信联合惩戒对象名单",
        "《企业信息公示暂行条例》第十八条",
        "发展改革、住房城乡建设部门",
    ),
    MeasureRow(
        "限制高消费及有关消费",
        REDUCES,
        "失信被执行人",
        _JUDGMENT,
        "《最高人民法院关于限制被执行人高消费及有关消费的若干规定》第三条",
        "人民法院",
    ),
    MeasureRow(
        "限制出境",
        REDUCES,
        "失信被执行人",
        _JUDGMENT,
        "《中华人民共和国民事诉讼法》",
        "人民法院、公安机关",
    ),
    MeasureRow(
        "不得录用为公务员",
        REDUCES,
        "被依法列为失信联合惩戒对象的自然人",
        "",
        "《中华人民共和国公务员法》第二十六条",
        "公务员主管部门",
    ),
    MeasureRow(
        "限制担任企业法定代表人、董事、监事、高级管理人员",
        REDUCES,
        "负有个人责任的人员",
        "市场监督管理严重违法失信名单",
        "《中华人民共和国公司法》",
        "登记机关",
    ),
    MeasureRow(
        "列为重点监管对象，提高抽查比例和频次",
        MANAGES,
        "严重违法失信主体",
        "市场监督管理严重违法失信名单；安全生产严重失信主体名单",
        "《企业信息公示暂行条例》",
        "各行业主管部门",
    ),
    MeasureRow(
        "不适用告知承诺制",
        MANAGES,
        "严重违法失信主体",
        "",
        "《中华人民共和国行政许可法》",
        "审批部门",
    ),
    MeasureRow(
        "授予荣誉前从严审查",
        MANAGES,
        "严重违法失信主体",
        "",
        "示例市评优评先管理规定",
        "各有关部门",
    ),
    MeasureRow(
        "供金融机构审慎授信参考",
        VOLUNTARY,
        "严重违法失信主体",
        "重大税收违法失信主体",
        "《征信业管理条例》",
        "金融机构",
    ),
)
