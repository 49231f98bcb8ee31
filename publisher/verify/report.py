"""What a check of a feed found: every rule with what it means and how to mend it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

# Findings kept of one rule; all are counted.
KEPT: Final = 20

# rule -> (zh what, zh how, en what, en how). Sources: LDES 1.0, TREE,
# docs/design/surfaces.md "Feed readers" and docs/decisions/0003, which say what
# each of them costs a reader.
RULES: Final[dict[str, tuple[str, str, str, str]]] = {
    "unreadable": (
        "文档无法解析", "请输出合法的 RDF",
        "the document cannot be parsed", "Write well-formed RDF.",
    ),
    "too-large": (
        "文档或数据流超出核对上限", "请减小页面，或放宽上限",
        "a document or the feed is beyond the limits of the check", "Make pages smaller.",
    ),
    "view": (
        "根文档须且只能是一个流的视图", "请在根文档写明恰好一个 tree:view",
        "the root must be the view of exactly one stream", "State one tree:view with its address.",
    ),
    "path": (
        "时间、序号或版本路径不是单个属性", "请写属性本身，不要写成列表",
        "a path is missing or is not one plain property", "Name the property, never a list.",
    ),
    "delete-terms": (
        "未声明新增、更新、删除用语", "请声明 ldes:versionDeleteObject 等三项",
        "create, update and delete are not declared", "State the three ldes:version…Object.",
    ),
    "retention": (
        "未声明保留策略，或承诺了完整历史", "请声明 ldes:versionAmount 1，不要用 fullLogDuration",
        "no retention policy, or one that promises the whole history",
        "State ldes:versionAmount 1 and never ldes:fullLogDuration.",
    ),
    "epoch": (
        "纪元不是一个正整数", "根文档只写一个 cr:epoch，为正整数",
        "the epoch is not one positive whole number", "State one cr:epoch, from 1 on.",
    ),
    "shape": (
        "成员不符合 tree:shape，读者会丢弃全部成员", "形状只约束信封",
        "a member does not meet tree:shape; readers drop every member", "Shape the envelope only.",
    ),
    "context": (
        "JSON-LD 引用外部上下文", "请把上下文写在文档内",
        "the JSON-LD context stands elsewhere", "Put the context inside the document.",
    ),
    "member": (
        "成员不是 IRI", "成员用 IRI；不要用列表或空白节点",
        "a member is no IRI", "Use IRIs, no lists and no blank nodes.",
    ),
    "hollow": (
        "成员没有内容", "成员的语句与成员资格写在同一页",
        "a member has no statements on its page", "State members where they are listed.",
    ),
    "membership": (
        "页内有事件不属于本流", "共用页须写明它属于的每一个流",
        "a page has events that it does not list in this stream",
        "A shared page names the membership of every stream.",
    ),
    "twice": (
        "同一成员出现在两页", "每个成员只在一页",
        "a member stands on two pages", "Put each member on one page.",
    ),
    "time": (
        "成员没有唯一的带时区时间", "每个成员恰有一个带时区的 xsd:dateTime",
        "a member has not exactly one time with a zone", "Give each one xsd:dateTime with a zone.",
    ),
    "tied": (
        "先后无法分辨：时间与序号相同，或同一对象两个版本同时", "用递增时间或序号区分",
        "equal times that nothing orders, or two versions of one object at one time",
        "Let time rise for each object, and sequence numbers order the rest.",
    ),
    "order": (
        "时间随序号倒退", "后写的成员时间不得更早",
        "time goes back while the sequence goes on", "Never add a member with an earlier time.",
    ),
    "object": (
        "成员没有唯一的对象", "每个成员恰有一个版本对象",
        "a member is not about exactly one object", "State one object for each member.",
    ),
    "text-left": (
        "已撤下对象的旧版本仍有内容", "撤下后删除其全部旧版本",
        "earlier text of an object stands beside its Delete", "Take away what came before.",
    ),
    "tombstone": (
        "撤下标记含有多余内容", "撤下标记只含类型、对象、时间、序号",
        "a Delete says more than that something went", "Leave type, object, time and sequence.",
    ),
    "bounds": (
        "成员或下级超出链接给出的范围", "请更正链接的上下界",
        "something lies outside the bounds of its link", "Correct the bounds at the link.",
    ),
    "relation": (
        "链接不完整", "每个链接有一个节点、类型、路径和值",
        "a relation lacks its node, type, path or value", "State all four once.",
    ),
    "link": (
        "链接的文档取不到", "不要链接已移除的页面（含 410）",
        "a linked document is not there", "Never link what answers 404 or 410.",
    ),
    "redirect": (
        "链接需要跳转", "请链接最终网址",
        "a linked document is reached by a redirect only", "Link the final address.",
    ),
    "elsewhere": (
        "链接指向别的站点，未核对", "请链接本站文档",
        "a link leads to another site and was not followed", "Keep a feed on one site.",
    ),
    "index-order": (
        "索引节点须唯一且排在最后，否则读者会丢失成员", "按链式索引排列",
        "a document links several index nodes, or one that is not its last link; readers lose",
        "Chain the index nodes, the older one last.",
    ),
    "immutable-header": (
        "已封闭页面缺少 Cache-Control: immutable", "请加上该响应头",
        "a closed page lacks Cache-Control: immutable and is fetched each time", "Add the header.",
    ),
    "open-immutable": (
        "未封闭页面被标为不变", "去掉 immutable",
        "a page that may still gain members is called immutable", "Take the header away.",
    ),
    "kept-long": (
        "缓存期过长，撤下不能及时生效", "max-age 不超过一天，根文档不超过一分钟",
        "caches may keep it longer than a takedown can wait",
        "At most a day for closed pages, a minute for the root.",
    ),
    "etag": ("缺少 ETag", "请加上 ETag", "there is no ETag", "Send one."),
    "vary": (
        "有多种格式却没有 Vary: Accept", "请加上 Vary: Accept",
        "forms are negotiated without Vary: Accept", "Send it.",
    ),
    "root-size": (
        "根文档过大，每次轮询都要取", "用索引节点分层",
        "the root is large and fetched at every poll", "Move closed pages to index nodes.",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: the rule, the document's URL, and the observation."""

    rule: str
    at: str
    what: str = ""

    def text(self, lang: str) -> str:
        """Return it for people: what, where, how to mend."""
        zh, zh_how, en, en_how = RULES[self.rule]
        seen = f" ({self.what})" if self.what else ""
        if lang == "zh":
            return f"{self.rule}：{zh}{seen}。{self.at}\n  {zh_how}。"
        return f"{self.rule}: {en}{seen}. {self.at}\n  {en_how}"

    def to_json(self) -> dict[str, str]:
        """Return it for machines."""
        _, _, what, hint = RULES[self.rule]
        return {"rule": self.rule, "at": self.at, "what": what, "seen": self.what, "hint": hint}


@dataclass(slots=True)
class Report:
    """The result for one feed in one form."""

    feed: str
    form: str
    documents: int = 0
    members: int = 0
    live: int = 0
    epoch: int | None = None  # None where the root names none
    counts: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)

    def add(self, rule: str, at: str, what: str = "") -> None:
        """Note a fault."""
        self.counts[rule] += 1
        if self.counts[rule] <= KEPT:
            self.findings.append(Finding(rule, at, what))

    @property
    def valid(self) -> bool:
        """Whether nothing was found."""
        return not self.counts

    def to_json(self) -> dict[str, Any]:
        """Return the report as the command prints it."""
        return {
            "feed": self.feed,
            "form": self.form,
            "epoch": self.epoch,
            "valid": self.valid,
            "documents": self.documents,
            "members": self.members,
            "live": self.live,
            "counts": dict(self.counts),
            "findings": [finding.to_json() for finding in self.findings],
        }
