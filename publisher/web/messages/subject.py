"""Words of the pages of subjects and lists, Chinese and English (docs/design/terms.md "Terms")."""

from __future__ import annotations

from typing import Final

TEXTS: Final[dict[str, tuple[str, str]]] = {
    "subject": ("信用主体", "Subject"),
    "subject-lead": (
        "以下为公开记录中提到该统一社会信用代码的全部内容。没有列出的不等于信用良好。",
        "All records shown that name this code. What is not listed does not mean good credit.",
    ),
    "subject-most": (
        "这里列出最近的 {shown} 条；其余请用查询服务获取。",
        "The newest {shown} are listed; take the rest from the query service.",
    ),
    "records-count": ("{count} 条", "({count})"),
    "records-over": ("超过 {count} 条", "(more than {count})"),
    "standing": ("目前的公示情况", "What is shown now"),
    "standing-list": ("列入：{which}", "On the list: {which}"),
    "standing-class": ("（{which}）", " ({which})"),
    "standing-count": ("{kind} {count} 条", "{kind}: {count}"),
    "standing-measures": ("正在实施的措施 {count} 项", "Measures in force: {count}"),
    "standing-none": (
        "目前没有公示中的名单和行政处罚信息。没有记录不等于信用良好。",
        "No list and no penalty is shown at present. No record does not mean good credit.",
    ),
    "on-lists": ("所在名单", "On lists"),
    "list": ("名单", "List"),
    "list-class": ("类别", "Class"),
    "since": ("列入日期", "Since"),
    "until": ("截止日期", "Until"),
    "measures": ("正在实施的措施", "Measures in force"),
    "measures-text": (
        "以下措施由所在名单按措施清单得出，以实施单位的决定为准；名单条目撤下，措施随之终止。",
        (
            "These follow from the lists by the list of measures; the implementing unit decides. "
            "They end with the entry they follow from."
        ),
    ),
    "measure": ("失信惩戒措施", "Disciplinary measure"),
    "legal-basis": ("法规政策依据", "Legal basis"),
    "unit": ("实施主体", "Implementing unit"),
    "timeline": ("时间线", "Timeline"),
    "timeline-title": (
        "{count} 条记录的时间线，{first} 至 {last}",
        "Timeline of {count} records, {first} to {last}",
    ),
    "timeline-cut": ("只画出最近的 {count} 条。", "The newest {count} are drawn."),
    "timeline-table": ("以表格查看时间线", "The timeline as a table"),
    "from": ("起", "From"),
    "to": ("止", "To"),
    "still-shown": ("公示中", "still shown"),
    "code-parts": ("代码构成", "Parts of the code"),
    "code-registrar": ("登记管理部门与机构类别", "Registering department and category"),
    "code-division": ("登记管理机关行政区划", "Division of the registering authority"),
    "code-body": ("主体标识码", "Body"),
    "code-check": ("校验码", "Check character"),
    "lists": ("名单", "Lists"),
    "lists-lead": (
        "有公示条目的名单。重点关注对象名单和经营异常名录不是严重失信主体名单，不适用联合惩戒。",
        (
            "The lists that have entries. Key-attention lists and lists of abnormal operations are "
            "no lists of seriously untrustworthy subjects; no joint measures follow from them."
        ),
    ),
    "lists-none": ("目前没有公示中的名单条目。", "No entry of any list is shown at present."),
    "entries": ("条目", "Entries"),
    "entries-none": (
        "本名单目前没有公示中的条目。",
        "This list has no entry that is shown at present.",
    ),
    "list-measures": ("列入后适用的措施", "Measures that follow"),
    "list-measures-none": (
        "措施清单中没有适用于本名单的措施。",
        "The list of measures names none for this list.",
    ),
    "list-exit": ("怎样移出", "How to leave it"),
    "list-exit-text": (
        (
            "期限届满、认定依据撤销或者准予信用修复后，条目从页面、查询、订阅流和下载文件中"
            "一并撤下，由此产生的措施同时终止。"
        ),
        (
            "When its term ends, its basis falls or repair is granted, an entry leaves pages, "
            "queries, feeds and downloads alike, and the measures that follow from it end."
        ),
    ),
    "list-follow": ("跟踪本名单", "Follow this list"),
    "first-page": ("回到第一页", "Back to the first page"),
}
