"""Phrases that tell of a person, and their neighbours that do not. All numbers are made up."""

from __future__ import annotations

import pytest

from exchange.domain.personal_data import find, suspicious

CHAT = [
    "微信号demo_user01",
    "微信demo-user01",
    "加薇信demouser7联系",
    "微信号（demouser）",
    "微信号“demouser”",
    "WeChat: demouser",
    "wechat id demouser",
    "vx:demouser",
    "ｖｘ：demouser",
    "V信 demouser",
    "支付宝账号demouser",
    "QQ10000001",
    "QQ号10000001",
    "ＱＱ１００００００１",
    "QQ群10000001",
    "扣扣10000001",
    "mailto:demo@mail.example",
    "demo @ 163 . com",
    "demo＠１６３．com",
]
HOMES = [
    "身份证地址：示例省示例市示范路9号",
    "身份证上的住址为示例省示范镇",
    "户口所在地：示例村",
    "户口所在地山西",
    "籍贯为示例县",
    "籍贯山东",
    "居所：示范小区8栋",
    "经常居住地示例镇",
    "居住地为示范里",
    "住\u200b址：示范小区",
    "住\u3164址：示范小区",
    "住\ufe0f址：示范小区",
    "住\u115f\U000e0041址：示范小区",
    "其家在示范小区",
    "家在示例镇示范路3号",
    "系示范村五组村民",
    "当事人是示例镇示范村村民",
    "甲（示范村村民）无证经营",
    "在示范花园6栋1单元502室实施",
    "送达地址：示范小区6栋502",
]
DESCRIPTIONS = [
    "某甲，男，1971年出生",
    "某甲，女，1971年生，",
    "某甲（男，农民，1971年出生）",
    "某甲系1971年出生",
]
DOCUMENTS = [
    "持E99999999号护照",
    "E99999999号中国护照",
    "passport no. E99999999",
    "Passport：E99999999",
    "PASSPORT NUMBER E99999999",
    "H99999999号往来港澳通行证",
    "社保卡号A99999999",
]


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        *(("personal-account", text) for text in CHAT),
        *(("home-address", text) for text in HOMES),
        *(("person-description", text) for text in DESCRIPTIONS),
        *(("identity-document", text) for text in DOCUMENTS),
    ],
)
def test_a_phrase_about_a_person_is_held(rule: str, text: str) -> None:
    for whole in (text, f"经查，{text}，责令改正。"):
        assert suspicious(whole)
        assert {(mark.rule, mark.certain) for mark in find(whole)} == {(rule, False)}, whole


@pytest.mark.parametrize(
    "text",
    [
        "通过微信公众号发布虚假广告",
        "在微信App、QQ浏览器上推广",
        "以微信支付1000元",
        "支付宝（示例）网络技术公司",
        "型号NVX-100、BOX:12345",
        "举报邮箱 service@shili.gov.cn",
        "移送户籍所在地公安机关",
        "由户口所在地的派出所办理",
        "居住地县级人民政府",
        "以居住地为准",
        "籍贯信息未登记，籍贯、学历不全",
        "经营住址变更",
        "未登记住址信息",
        "该商家在示范路3号经营",
        "专家在示例镇检查",
        "国家在示例市设立",
        "影响示范村村民出行",
        "，占用示范村村民的土地",
        "示范村村民委员会",
        "收到示范村村民举报",
        "经营场所位于示范小区6栋1单元502室",
        "2019年出生的犊牛",
        "2019年生产的设备",
        "男，从业人员",
        "未按规定查验护照99人次",
        "办理居住证12345",
        "罚款49900元，单元格3",
    ],
)
def test_a_neighbour_of_such_a_phrase_is_left_alone(text: str) -> None:
    assert find(text) == []


def test_a_hostile_phrase_is_searched_in_linear_time() -> None:
    for piece in ("系村", "微信a", "户籍", "小区1栋", "a@ ", "男，1", "家在", "E1", "地址", "，村"):
        find(piece * 2000)
