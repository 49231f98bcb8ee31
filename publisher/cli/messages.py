"""Words of the command line, Chinese and English (docs/design/terms.md "Terms")."""

from __future__ import annotations

from typing import Final

TEXTS: Final[dict[str, tuple[str, str]]] = {
    "error": ("错误：{what}", "Error: {what}"),
    "hint": ("办法：{hint}", "Try: {hint}"),
    "interrupted": ("已中断。", "Interrupted."),
    "more-error": (
        "…… 其余错误不再逐条显示；用 --json 可列出全部。",
        "... more errors are not shown; --json lists all of them.",
    ),
    "more-held": (
        "…… 其余待审的行不再逐条显示；用 --json 可列出全部。",
        "... more held rows are not shown; --json lists all of them.",
    ),
    "more-warning": (
        "…… 其余提示不再逐条显示；用 --json 可列出全部。",
        "... more warnings are not shown; --json lists all of them.",
    ),
    "more-info": (
        "…… 其余说明不再逐条显示；用 --json 可列出全部。",
        "... more notes on rows that were not applied are not shown; --json lists all of them.",
    ),
    "genesis": (
        "新账本：公开地址 {base_url}，政务地址 {government_url}，{did}。这些身份从此固定。",
        "New ledger: public {base_url}, government {government_url}, {did}. Frozen from now on.",
    ),
    "checked": (
        (
            "{file}：{kind}，{rows} 行，合格 {sound}，待审 {held}，不合格 {rejected}，"
            "提示 {warnings} 条。"
        ),
        (
            "{file}: {kind}, {rows} rows, {sound} sound, {held} held for review, "
            "{rejected} rejected, {warnings} warnings."
        ),
    ),
    "loaded": (
        (
            "{file}：新增 {accepted}，修订 {revised}，未变 {unchanged}，"
            "较旧 {outdated}，待审 {held}，不予公示 {suppressed}，拒收 {rejected}。"
        ),
        (
            "{file}: {accepted} accepted, {revised} revised, {unchanged} unchanged, "
            "{outdated} outdated, {held} held, {suppressed} suppressed, {rejected} rejected."
        ),
    ),
    "dumped": (
        "{file}：{records} 条记录，{bytes} 字节。",
        "{file}: {records} records, {bytes} bytes.",
    ),
    "dumped-lossy": (
        "其中 {count} 条有该表式没有列的内容，再次导入会视为修订；完整内容请用 --format nq。",
        (
            "{count} of them say something that the form has no column for, and would be revised "
            "by loading the file; --format nq has everything."
        ),
    ),
    "for-review": (
        "{count} 行待人工审核，未入账：credence review list",
        "{count} rows wait for review, they are not in the ledger: credence review list",
    ),
    "would-review": (
        "{count} 行将待人工审核（试运行，未保存）。",
        "{count} rows would wait for review; the dry run keeps none of them.",
    ),
    "refused": ("{file}：整份退回。{what}{hint}", "{file}: refused. {what} {hint}"),
    "not-applied": (
        "{file}：未入账的原因：{reasons}。",
        "{file}: not applied because of: {reasons}.",
    ),
    "review-none": ("没有待审的行。", "Nothing waits for review."),
    "review-columns": (
        "编号|待审自（UTC）|文件|行|类别|原因",
        "Number|Held since (UTC)|File|Row|Kind|Why",
    ),
    "review-cells": ("|栏|内容", "|Column|Cell"),
    "review-item": (
        "{id}：{file} 第 {row} 行，{kind}，第 {delivery} 次导入，待审自 {since}。",
        "{id}: {file} row {row}, {kind}, delivery {delivery}, held since {since}.",
    ),
    "review-new": ("通过后将成为新记录。", "It would be a new record."),
    "review-revises": ("通过后将修订 {iri}", "It would revise {iri}"),
    "review-accepted": ("已通过 {id}：{iri}", "Accepted {id}: {iri}"),
    "review-known": (
        "账本中已有与 {id} 相同的内容，未再写入：{iri}",
        "The ledger says the same as {id} already; nothing was written: {iri}",
    ),
    "review-refused": (
        "未予通过 {id}，其内容已销毁；再次报送相同的行将被拒收。",
        "Refused {id}; its text is destroyed, and the same row will be rejected.",
    ),
    "rescanning": ("复查已公开的记录", "Looking at what is public"),
    "rescan-earlier": (
        "  （仅在较早的版本中，变更流里仍可读取）",
        "  (in an earlier version only, which the feed still holds)",
    ),
    "rescanned": (
        "已公开的版本：确有个人信息 {certain} 个，可能有 {likely} 个，曾经人工通过 {accepted} 个。",
        (
            "Public versions with personal data: {certain} certain, {likely} likely; "
            "{accepted} let through by a person before."
        ),
    ),
    "rescan-hint": (
        "请用 credence erase 彻底删除确有个人信息的记录；可能有的请逐条核对。",
        "Erase the certain ones by `credence erase`; look at each of the likely ones.",
    ),
    "erased-held": (
        "同时销毁待审的行：{file} 第 {row} 行（如与该记录无关，请重新报送）。",
        "Destroyed with it, a held row: {file} row {row} (deliver it again if it is another's).",
    ),
    "rejects": ("拒收的行见 {path}（保存 30 天）。", "Rejected rows: {path} (kept 30 days)."),
    "marked": ("标注的工作簿：{path}。", "Marked workbook: {path}."),
    "passed-over": ("{file} 不是报送文件，已略过。", "{file} is no delivery; passed over."),
    "watching": ("正在等待 {folder} 中的文件。", "Waiting for files in {folder}."),
    "watched": (
        "已停止。处理文件 {files} 个，其中整份退回 {refused} 个。",
        "Stopped. {files} files taken, {refused} of them refused as a whole.",
    ),
    "dry-run": (
        "试运行：以上为按账本第 {position} 个事件时的状况导入的结果，没有写入。",
        "Dry run: what a load would do as of position {position}; nothing was written.",
    ),
    "loading": ("导入 {file}", "Loading {file}"),
    "next-publish": (
        "运行 credence publish 使其公开（服务运行时会自动公开）。",
        "Run `credence publish` to show them (a running service does so by itself).",
    ),
    "expired": ("公示期届满撤下 {count} 条。", "{count} records left at the end of publicity."),
    "clock-trusted": (
        "本机时间 {now} 可信（上次心跳 {last}）；据此应终止公示 {due} 条。",
        "The clock says {now} and is trusted (last heartbeat {last}); {due} records are due.",
    ),
    "clock-doubtful": (
        "本机时间 {now} 存疑（{doubt}；上次可信心跳 {last}）；若时钟无误，应终止公示 {due} 条。",
        "The clock says {now}: doubtful ({doubt}; last trusted {last}); {due} due if it is right.",
    ),
    "clock-next": (
        "运行 credence publish 使其生效（运行中的服务会自动处理）。",
        "Run `credence publish` to end them (a running service does so by itself).",
    ),
    "published": (
        "各公开位置已与账本一致：{surfaces}。",
        "Every public place stands at the ledger's head: {surfaces}.",
    ),
    "narrowed": (
        "政务公开位置的 {count} 个文件和目录原先可被其他系统账号读取，现已改为仅限本账号。",
        (
            "{count} files and folders of the government surfaces could be read by other "
            "accounts of this machine; they are now closed to them."
        ),
    ),
    "rebuilt": ("已由账本重建：{surfaces}。", "Rebuilt from the ledger: {surfaces}."),
    "withdrawn": ("已撤下 {iri}", "Withdrawn: {iri}"),
    "suspended": ("已暂时屏蔽 {iri}", "Suspended: {iri}"),
    "resumed": ("已恢复公示 {iri}", "Shown again: {iri}"),
    "reinstated": ("已重新公示，新网址 {iri}", "Published again at its new address {iri}"),
    "key-freed": (
        "{ref} 的内容已随旧账本丢失，无法重新公示；再次报送同一行即可公示。",
        "The text of {ref} was lost with an older ledger; deliver its row again to publish it.",
    ),
    "erased": (
        "已彻底删除 {iri}；另从拒收与暂存文件中清除 {scrubbed} 处。",
        "Erased: {iri}; {scrubbed} more places cleaned in rejected and staged files.",
    ),
    "gone-before": (
        "此前已停止公示（{what}，{since}）：{iri}",
        "Gone already ({what}, {since}): {iri}",
    ),
    "removal-withdraw": ("撤下", "withdrawn"),
    "removal-suspend": ("暂时屏蔽", "suspended"),
    "removal-expire": ("公示期满", "end of publicity"),
    "removal-erase": ("彻底删除", "erased"),
    "audit-gone": (
        "该记录已停止公示（{what}，{since}），{places} 处均无残留。",
        "The record is gone ({what}, {since}); none of the {places} places holds it.",
    ),
    "audit-unknown": (
        "账本中没有这条记录，{places} 处也都没有。",
        "The ledger does not know the record, and none of the {places} places holds it.",
    ),
    "backed-up": (
        "备份已写入 {path}：账本位置 {position}，文件 {files} 个：",
        "Backup in {path}: the ledger up to position {position}, {files} files:",
    ),
    "backup-leaves": (
        "不在备份中：{names}（都可重建或重新取得；撤下日志请另行保存最新的一份）。",
        (
            "Not in it: {names} (they can be made again; keep the newest withdrawal journal "
            "apart from the backups)."
        ),
    ),
    "backup-open": (
        "提示：{path} 未加密，持有它即可读取账本；请与其余部分分开保存，或使用 --key-file。",
        (
            "Note: {path} is not encrypted, and opens the ledger; keep it apart from the rest, or "
            "use --key-file."
        ),
    ),
    "set-aside": ("原有文件移至 {path}", "What stood here was moved to {path}"),
    "restored": (
        (
            "账本已恢复，进入纪元 {epoch}：补记为撤下 {entered}，再次撤下 {withdrawn}，"
            "再次删除 {erased}，重新发布 {reissued}。正在重建各公开位置。"
        ),
        (
            "The ledger is back, in epoch {epoch}: {entered} entered as withdrawn, {withdrawn} "
            "withdrawn again, {erased} erased again, {reissued} issued again. Rebuilding."
        ),
    ),
    "journal-torn": (
        "提示：撤下日志的最后一行被截断，其前 {count} 行完好；该行所记的撤下可能遗漏，请核对。",
        (
            "Note: the last line of the withdrawal journal was cut; the {count} lines before it "
            "are whole. What the cut line named may be missing: compare with your own notes."
        ),
    ),
    "restore-unplaced": (
        "提示：撤下日志中有 {count} 条记录类别不明，账本也没有，无法补记其删除。",
        (
            "Note: {count} records of the journal are of no known kind and not in the ledger; no "
            "Delete could be entered for them."
        ),
    ),
    "parting": ("正在撤下 {iri}", "Taking down {iri}"),
    "surface-gone": (
        "  ✔ {tier} · {surface}（{seconds} 秒）",
        "  ✔ {tier}: {surface} ({seconds} s)",
    ),
    "also-gone": (
        "  同时撤下以它为依据的记录 {count} 条：",
        "  Left with it, because they rested on it: {count}",
    ),
    "tier-public": ("公开", "public"),
    "tier-government": ("政务", "government"),
    "place-triples": ("SPARQL 三元组库", "triple store of SPARQL"),
    "place-feed": ("变更流", "feed"),
    "place-index": ("检索、名单与统计", "search, lists and counts"),
    "place-dumps": ("下载文件", "downloads"),
    "audit-ok": ("核对一致：{records} 条记录。", "No difference: {records} records."),
    "audit-bad": ("核对发现差异。", "There are differences."),
    "audit-mend": (
        "办法：运行 credence rebuild {names}（由账本重建）。",
        "Try: credence rebuild {names} (builds them anew from the ledger).",
    ),
    "audit-behind": (
        "办法：运行 credence publish，或等发布进程跟上账本。",
        "Try: credence publish, or wait until the projector has followed the ledger.",
    ),
    "audit-columns": (
        "公开位置|序号|缺少|残留|落后|说明",
        "Surface|Position|Missing|Leftover|Behind|Note",
    ),
    "verified": (
        "账本校验通过：{events} 个事件，{records} 条记录。",
        "The ledger holds: {events} events, {records} records.",
    ),
    "derived": ("已生成 {count} 个文件。", "{count} files derived."),
    "derive-same": ("派生文件与来源一致。", "The derived files match their sources."),
    "status-ledger": (
        "账本：{base_url}，位置 {position}；未完成的导入 {open}，待完成的删除 {erasures}。",
        "Ledger: {base_url}, position {position}; {open} open deliveries, {erasures} erasures.",
    ),
    "status-kinds": ("类别|状态|数量", "Kind|State|Number"),
    "status-surfaces": ("公开位置|序号|落后|故障", "Surface|Position|Behind|Alarm"),
    "status-pending": (
        "有 {count} 条记录待决定（credence status --json 列出）。",
        "{count} records wait for a decision (listed by `credence status --json`).",
    ),
    "config-columns": ("设置项|值|来源|说明", "Key|Value|Origin|Meaning"),
    "sampled": ("样例已写入 {directory}", "The sample is in {directory}"),
    "serving": ("服务已启动：{url}（Ctrl-C 停止）", "Serving at {url} (Ctrl-C stops)"),
    "serving-beside": (
        "注意：另一个服务正在使用本数据目录（{url}）；两者都会应答，由其中一个负责发布。",
        "Note: another service uses this data directory ({url}); both answer, one publishes.",
    ),
    "stopped": ("服务已停止", "Stopped"),
    "journal-inside": (
        (
            "提示：撤下日志 {path} 与账本同在数据目录；目录整体恢复到旧备份时，其后的撤下无从得知。"
            "请停止服务，把它移到数据目录之外（见 docs/operate.md）。"
        ),
        (
            "Note: the withdrawal journal {path} lies in the data directory; if that is put back "
            "as a whole, nothing knows what left since. Stop the service and move the journal out "
            "of it (docs/operate.md)."
        ),
    ),
    "projector-fell": ("公开进程：{text}", "Projector: {text}"),
    "alarm": ("故障 {surface}：{message}", "Alarm at {surface}: {message}"),
    "feed-valid": (
        "数据流合格：{feed}（{form}），{documents} 个文档，{members} 个成员，{live} 条有效。",
        "Valid: {feed} ({form}), {documents} documents, {members} members, {live} live.",
    ),
    "feed-invalid": (
        "数据流不合格：{feed}（{form}），{documents} 个文档，{faults} 处问题。",
        "Not valid: {feed} ({form}), {documents} documents, {faults} faults.",
    ),
    "demo-making": ("正在准备演示数据……", "Preparing the demonstration ..."),
    "demo-links": ("演示服务已就绪，请打开：", "The demonstration is ready:"),
    "demo-home": ("首页", "Home"),
    "demo-subject": ("一个信用主体", "A subject"),
    "demo-dataset": ("数据集", "A dataset"),
    "demo-catalog": ("数据目录（DCAT）", "The catalogue (DCAT)"),
    "demo-record": ("一条行政处罚", "A penalty record"),
    "demo-sparql": ("查询", "Query"),
    "demo-feed": ("数据订阅流", "Feed"),
    "demo-status": ("状态", "Status"),
    "demo-list": ("一份名单", "A list"),
    "demo-try": (
        (
            "试一试（另开一个终端，三步）：\n"
            "  1. 打开上面的行政处罚记录和信用主体：名单和正在实施的措施由它而来\n"
            "  2. {hint}\n"
            "  3. 刷新两页：记录回答“已停止公示”，名单条目和措施随之消失；再运行\n"
            "     {audit}"
        ),
        (
            "Try this (in another terminal, three steps):\n"
            "  1. Open the penalty and its subject above: a list and measures follow from it\n"
            "  2. {hint}\n"
            "  3. Reload both: record, list and measures are gone; then run\n"
            "     {audit}"
        ),
    ),
}
