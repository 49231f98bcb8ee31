"""Words of the record page, Chinese and English (docs/design/terms.md "Terms")."""

from __future__ import annotations

from typing import Final

TEXTS: Final[dict[str, tuple[str, str]]] = {
    "property": ("属性", "Property"),
    "record-fields": ("记录内容", "What the record says"),
    "yuan": ("元", "yuan"),
    "original": ("（原始填报：{value}）", "(as received: {value})"),
    "only-here": (
        "只在记录页公示，不进入查询、订阅流和下载",
        "On the record's page only: not in queries, feeds or downloads",
    ),
    "shown-now": ("公示中", "Shown to the public"),
    "quotes": ("本记录引用", "This record quotes"),
    "quoted-by": ("引用本记录", "Quoted by"),
    "quoted-by-more": (
        "引用本记录的记录较多，此处未全部列出，请翻页查看。",
        "More records quote this one than are listed here; they are on the following pages.",
    ),
    "basis": ("依据", "Legal basis"),
    "publicity": ("公示", "Publicity"),
    "publicity-first": ("首次公示", "First shown"),
    "publicity-last": ("最近更新", "Last update"),
    "publicity-until": ("公示至", "Shown until"),
    "publicity-open": (
        "未申报截止日期；依规定的公示期限，或因信用修复提前终止。",
        "No end was declared: it ends by the rules on publicity, or earlier by credit repair.",
    ),
    "provenance": ("来源与经过", "Provenance and history"),
    "delivered": ("单位报送", "Delivered by the unit"),
    "step-create": ("首次公示", "First shown"),
    "step-update": ("更新", "Updated"),
    "step-delete": ("停止公示", "No longer shown"),
    "feed-of-kind": ("数据订阅流", "The feed of this kind"),
    "address": ("固定网址", "Permanent address"),
    "formats": ("其他格式", "Other formats"),
    "follow": ("怎样核对", "How to verify"),
    "follow-text": (
        (
            "请保存固定网址，不要保存副本：记录修复、更正或到期后，"
            "该网址立即回答“已停止公示”（410），副本应随之删除。"
        ),
        (
            "Keep the permanent address, not a copy: after repair, correction or expiry it "
            "answers 410 at once, and copies must go."
        ),
    ),
    "digest-text": (
        "本记录 N-Quads 文件的 SHA-256；内容没有改变，数值就不会变：",
        "SHA-256 of this record as N-Quads; it changes when, and only when, the content does:",
    ),
    "follow-query": ("用 SPARQL 核对", "Check by SPARQL"),
    "repair": ("信用修复与异议", "Repair and objection"),
    "repair-text": (
        (
            "已纠正失信行为、履行义务并符合规定条件的，可向作出决定的机关申请信用修复；"
            "准予后，本记录从页面、查询、订阅流和下载文件中一并撤下。"
        ),
        (
            "Whoever has put things right and meets the conditions may apply to the deciding "
            "authority for credit repair; once granted, this record leaves pages, queries, feeds "
            "and downloads alike."
        ),
    ),
    "objection-how": (
        "认为记录有误的，可向作出决定的机关提出异议申诉；处理期间本页会加注标记。",
        (
            "Whoever finds the record wrong may object to the deciding authority; while the "
            "objection is open, this page says so."
        ),
    ),
    "objection-mark": ("异议申诉处理中", "An objection is open"),
    "objection-text": (
        "本记录处于异议申诉期间，内容可能变更。",
        "An objection to this record is open; its content may change.",
    ),
}
