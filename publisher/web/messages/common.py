"""Words of the pages, Chinese first, English beside (docs/design/terms.md "Terms").

Purpose: one table of short texts, pages of many words in modules of their own; templates ask for
them by name, so that a missing one fails in a test and no sentence stands in one language only.
"""

from __future__ import annotations

from typing import Final

from publisher.web.messages import home, record, subject

LANGUAGES: Final = ("zh", "en")

_COMMON: Final[dict[str, tuple[str, str]]] = {
    "skip": ("跳到正文", "Skip to content"),
    "switch": ("English", "中文"),
    "home": ("首页", "Home"),
    "datasets": ("数据目录", "Datasets"),
    "query": ("数据查询", "Query"),
    "status": ("运行状态", "Status"),
    "vocabulary": ("词表", "Vocabulary"),
    "main-menu": ("主菜单", "Main menu"),
    "made-by": (
        "本站由 Credence 开放源码软件提供，内容以作出决定的机关为准。",
        "Served by Credence, open-source software; the deciding authority's document prevails.",
    ),
    "search": ("检索", "Search"),
    "search-label": (
        "名称、统一社会信用代码或文号",
        "Name, unified social credit code or document number",
    ),
    "search-help": (
        "输入其中任意几个字即可，全角半角、大小写、括号写法不限；多个词用空格隔开。",
        "Any part of it, in any width, case or style of brackets; separate words by blanks.",
    ),
    "found": ("找到 {total} 条。", "{total} found."),
    "found-more": (
        "超过 {total} 条，这里只列到第 {total} 条；请多输入几个字。",
        "More than {total}; no more are listed. Type more of it.",
    ),
    "found-nothing": (
        "没有找到“{text}”。",
        "Nothing was found for “{text}”.",
    ),
    "no-persons": (
        "这里不按居民身份证号码查询个人。请输入单位名称、统一社会信用代码或文号。",
        "Persons are not looked up here by ID number. Type a name, code or document number.",
    ),
    "nothing-is-no-praise": (
        "没有找到不等于信用良好：这里只有公开中的记录。",
        "Nothing found is not good credit: only records that are shown are searched.",
    ),
    "check-digit": (
        "{code} 像是统一社会信用代码，但校验位不符，可能输错了一位。",
        "{code} looks like a unified social credit code, but its check digit is wrong.",
    ),
    "check-digit-near": ("记录中有这些相近的代码：", "These codes close to it are in the records:"),
    "pages": ("翻页", "Pages"),
    "page-before": ("上一页", "Previous page"),
    "page-after": ("下一页", "Next page"),
    "page-of": ("第 {page} 页，共 {pages} 页", "Page {page} of {pages}"),
    "live-records": ("公开中的记录", "Records shown"),
    "kind": ("类别", "Kind"),
    "count": ("数量", "Number"),
    "counting": ("数量暂时无法取得。", "The number cannot be had just now."),
    "number": ("文号或编号", "Number"),
    "date": ("日期", "Date"),
    "unnamed": ("（自然人）", "(a natural person)"),
    "no-records": (
        "目前没有公开中的记录。没有记录不等于信用良好。",
        "No record is shown at present. No record does not mean good credit.",
    ),
    "vocabulary-door": (
        "词表、代码表与 JSON-LD 上下文，中英文对照。",
        "Vocabulary, code lists and JSON-LD context, in Chinese and English.",
    ),
    "datasets-lead": (
        "每类记录一个数据集。全部数据可查询、可订阅，也可逐条以关联数据读取。",
        "A dataset for each kind of record: to query, to follow, or to read record by record.",
    ),
    "catalogue": ("数据目录（DCAT）", "Catalogue (DCAT)"),
    "dataset": ("数据集", "Dataset"),
    "updated": ("最近更新", "Last change"),
    "columns": ("数据项", "Columns"),
    "columns-text": (
        "公开的数据项，及其在报送模板中的编号。属性名链接到词表。",
        "What is shown, with its column in the delivery templates. Names lead to the vocabulary.",
    ),
    "form": ("{form} 编号", "{form} column"),
    "required": ("必填", "required"),
    "take-query": ("SPARQL 查询：打开示例查询", "SPARQL: open an example query"),
    "model-files": ("模型与模板", "Model and templates"),
    "template": ("报送模板", "Delivery template"),
    "schema": ("JSON 模式", "JSON Schema"),
    "shape": ("SHACL 形状", "SHACL shape"),
    "public-shape": ("公开视图的 SHACL 形状", "SHACL shape of the public view"),
    "context": ("JSON-LD 上下文", "JSON-LD context"),
    "status-lead": (
        "各公开位置与账本的同步情况。",
        "How far each public place follows the ledger.",
    ),
    "surface": ("公开位置", "Public place"),
    "state": ("状态", "State"),
    "state-ok": ("同步", "up to date"),
    "state-behind": ("正在跟上", "catching up"),
    "state-alarm": ("故障", "alarm"),
    "state-other-history": ("与账本不符，正在重建", "not of this ledger; being rebuilt"),
    "state-unknown": ("尚未发布", "nothing published yet"),
    "surface-triples": ("三元组库", "Triple store"),
    "surface-clock": (
        "本机时钟存疑，公示期届满暂不写入",
        "Clock in doubt: no publicity ends",
    ),
    "surface-ledger": (
        "账本文件已被移走或替换，请停止服务并恢复",
        "Ledger file moved away or replaced: stop the service and restore",
    ),
    "surface-index": ("检索与统计", "Search and counts"),
    "surface-feed": ("数据订阅流", "Feed"),
    "surface-dumps": ("批量下载", "Downloads"),
    "take-dump": ("批量下载", "Download everything"),
    "take-dump-text": (
        (
            "CSV 可直接用表格软件打开；其余为链接数据。撤下的记录会从文件中删除，旧版本随之失效，"
            "请定期重新下载并删除旧副本。"
        ),
        (
            "The CSV opens in any spreadsheet; the others are linked data. A record that is taken "
            "down leaves the files and older versions end: fetch anew and delete old copies."
        ),
    ),
    "file": ("文件", "File"),
    "size": ("大小", "Size"),
    "size-packed": ("压缩包", "Packed (gzip)"),
    "all-well": ("一切正常", "All is well"),
    "not-well": ("需要处理", "Needs attention"),
    "sparql-lead": (
        "用 SPARQL 1.1 查询公开数据。本页不需要 JavaScript；编写程序时请直接使用本网址。",
        "Query the public data with SPARQL 1.1. No JavaScript needed; programs use this address.",
    ),
    "sparql-limits": (
        "每次查询最长 {seconds} 秒；查询文本不超过 64 KiB。",
        "A query may run {seconds} seconds; its text may have 64 KiB.",
    ),
    "query-text": ("查询文本", "Query"),
    "run": ("执行查询", "Run"),
    "examples": ("示例", "Examples"),
    "result": ("结果", "Result"),
    "result-rows": ("共 {count} 行", "{count} rows"),
    "result-cut": (
        "以下显示前 {shown} 行，共 {count} 行；完整结果请下载。",
        "The first {shown} of {count} rows; download the whole.",
    ),
    "result-none": ("没有符合条件的数据。", "Nothing matches."),
    "result-yes": ("是", "Yes"),
    "result-no": ("否", "No"),
    "download-as": ("下载为", "Download as"),
    "code-list": ("代码表", "Code list"),
    "code-lists": ("代码表", "Code lists"),
    "classes": ("类", "Classes"),
    "properties": ("属性", "Properties"),
    "codes": ("代码", "Codes"),
    "name": ("名称", "Name"),
    "label": ("中文名", "Label"),
    "definition": ("含义", "Meaning"),
    "back-home": ("返回首页", "Back to the home page"),
    "gone-text": (
        "此网址的内容已停止公示。",
        "What stood at this address is no longer shown.",
    ),
    "gone-hint": ("请删除保存的副本。", "Delete any copy you keep."),
}

TEXTS: Final[dict[str, tuple[str, str]]] = _COMMON | home.TEXTS | record.TEXTS | subject.TEXTS


def message(lang: str, name: str, **values: object) -> str:
    """Return the text `name` in `zh` or `en`, its {places} filled. Raises KeyError if unknown."""
    text = TEXTS[name][LANGUAGES.index(lang)]
    return text.format(**values) if values else text
