"""Words of the home page and of the pages of datasets, Chinese and English.

Source: docs/design/terms.md "Terms".
"""

from __future__ import annotations

from typing import Final

TEXTS: Final[dict[str, tuple[str, str]]] = {
    "lead": (
        "依法公开的公共信用信息。每条记录一个固定网址；信用修复后，从所有公开位置一并撤下。",
        (
            "Public-credit information, published by law. Each record has one address; after "
            "credit repair it leaves every public place."
        ),
    ),
    "search-short": ("名称、代码或文号", "Name, code or number"),
    "last-change": ("最近更新 {moment}", "Last change {moment}"),
    "in-figures": ("公开数据概况", "In figures"),
    "newest": ("最新决定", "Latest decisions"),
    "list-changes": ("名单动态", "Latest on the lists"),
    "all-lists": ("查看全部名单", "See all lists"),
    "door-look": ("查", "Look up"),
    "door-look-title": ("查一个主体", "Look up a subject"),
    "door-look-text": (
        "输入名称、代码或文号，看到公示中的处罚、许可、名单和正在实施的措施。",
        "By name, code or number: penalties, licences, lists, and the measures in force.",
    ),
    "door-take": ("取", "Download"),
    "door-take-title": ("取一类数据", "Download a dataset"),
    "door-take-text": (
        "每类记录一个数据集：数据项、模板、目录、整批文件，内容随撤随改。",
        "A dataset for each kind: columns, templates, catalogue, and files that follow repairs.",
    ),
    "door-join": ("接", "Connect"),
    "door-join-title": ("接入你的系统", "Connect a system"),
    "door-join-text": (
        "用 SPARQL 查询，或订阅变更流保持同步；遇到 Delete 即删除副本。",
        "Query by SPARQL, or follow the feed to keep in step; a Delete means: delete your copy.",
    ),
    "door-lists": ("名单", "Lists"),
    "door-datasets": ("全部数据集", "All datasets"),
    "door-catalog": ("DCAT 目录", "DCAT catalogue"),
    "door-sparql": ("SPARQL 查询", "SPARQL queries"),
    "door-feed": ("变更流（LDES）", "Feed (LDES)"),
    "door-model": ("词表与代码表", "Vocabulary and code lists"),
    "about-data": ("关于本数据集", "About this dataset"),
    "freshness": ("最近更新", "Last change"),
    "dataset-card": (
        (
            "{by}公开的{label}：{definition}可整份下载、用 SPARQL 查询或按变更流跟随；"
            "信用修复后的记录随即从各处撤下。"
        ),
        (
            "{label} published by {by}: {definition} As whole downloads, by SPARQL, or to be "
            "followed as a feed; a repaired record is taken down everywhere."
        ),
    ),
    "terms-of-use": ("使用条件", "Terms of use"),
    "terms-of-use-text": (
        "可以免费使用、再传播，须注明来源和取得时间；记录撤下后，须删除保存和已传播的副本。",
        (
            "Free to use and to pass on, with source and time named; when a record is taken down, "
            "copies kept and passed on must be deleted."
        ),
    ),
    "identifier": ("标识", "Identifier"),
    "newest-records": ("最新记录", "Newest records"),
    "by-month": ("按决定月份", "By month of decision"),
    "by-month-title": (
        "{first} 至 {last} 每月决定数",
        "Decisions a month, {first} to {last}",
    ),
    "by-authority": ("按决定机关", "By authority"),
    "month": ("月份", "Month"),
    "authority": ("机关", "Authority"),
    "as-table": ("以表格查看", "As a table"),
    "keep-step": ("保持同步", "Keep in step"),
    "step-first": (
        "先读变更流直到最后一页；每个成员是一条记录的一个版本。",
        "Read the feed to its last page; each member is a version of a record.",
    ),
    "step-then": (
        "此后每分钟读一次根文档（带 If-None-Match），按 cr:seq 的顺序应用新成员。",
        "Then read its root once a minute (with If-None-Match); apply members in order of cr:seq.",
    ),
    "step-gone": (
        "遇到 Delete，删除该记录的副本：它已修复、更正或到期。",
        "On a Delete remove your copy: the record was repaired, corrected or has expired.",
    ),
}
