"""The intake's own rules: message and hint in Chinese and English.

Source: docs/design/terms.md "Terms".
"""

from __future__ import annotations

from typing import Final

from exchange.intake.workbook_messages import WORKBOOK_MESSAGES

_CSV: Final = (
    "请从业务系统重新导出，或在表格软件中打开改正后另存为“CSV UTF-8”。",
    "Export it again, or open it in a spreadsheet, mend it and save as CSV UTF-8.",
)
_JSON: Final = (
    "请用导出程序重新生成该文件，或改正此处后重试。",
    "Write the file again with its program, or mend this place and retry.",
)
_IF_RIGHT: Final = (
    "如确应以此行为准，请用 credence review accept 通过，或用 load --allow-older 导入。",
    "If this row is right, accept it by `credence review`, or use `load --allow-older`.",
)
_SPLIT: Final = ("请拆分后重新报送。", "Split it and deliver the parts.")

# rule: (zh, en, hint zh, hint en); {names} are filled by `findings.finding`.
MESSAGES: Final[dict[str, tuple[str, str, str, str]]] = {
    **WORKBOOK_MESSAGES,
    "empty": ("文件没有内容。", "The file is empty.", *_CSV),
    "file-size": (
        "文件有 {size} 字节，超过上限 {limit}。",
        "The file has {size} bytes, more than the {limit} allowed.",
        *_SPLIT,
    ),
    "too-many-rows": (
        "文件超过 {limit} 行。",
        "The file has more than {limit} rows.",
        *_SPLIT,
    ),
    "rows-broken": (
        "已读 {read} 行，其中 {broken} 行读不出各列，此行以后不再读取。",
        "Of {read} rows read, {broken} have no readable columns; reading ended at this row.",
        *_CSV,
    ),
    "rows-refused": (
        "前 {read} 行全部不合格，此行以后不再读取。",
        "All of the first {read} rows are refused; reading ended at this row.",
        "请按前面的提示改正整份文件后重新报送；多半是列错位，或种类、表式选错。",
        "Mend the whole file: its columns are displaced, or kind or form are others.",
    ),
    "table-bytes": (
        "数据库表中有二进制列，无法读取。",
        "The table holds a column of bytes, which is not read.",
        "请用视图只选出文本、数字和日期列。",
        "Deliver a view with columns of text, numbers and dates only.",
    ),
    "not-text": (
        "这是 {format} 文件，不是 CSV、JSON 或 XLSX。",
        "This is a file of type {format}, not CSV, JSON or XLSX.",
        "请在表格软件中另存为不加密的 .xlsx 或“CSV UTF-8（逗号分隔）”。",
        "Save it from the spreadsheet as .xlsx without a password, or as CSV UTF-8.",
    ),
    "encoding-utf16": (
        "文件是 UTF-16 编码，无法读取。",
        "The file is UTF-16, which is not read.",
        *_CSV,
    ),
    "encoding-broken": (
        "此行有不属于 {encoding} 的字节。",
        "This line holds bytes that are not {encoding}.",
        *_CSV,
    ),
    "encoding-unknown": (
        "文件既不是 UTF-8 也不是 GB18030，从此行起无法解码。",
        "The file is neither UTF-8 nor GB18030; it cannot be decoded from this line on.",
        *_CSV,
    ),
    "encoding-unlikely": (
        "文件按 GB18030 解码后不成文字，应为其他编码（如 Big5）。",
        "Decoded as GB18030 the text makes no sense; it is of another encoding (such as Big5).",
        *_CSV,
    ),
    "cut-character": (
        "文件在一个字符中间被截断。",
        "The file is cut in the middle of a character.",
        "请重新传输完整的文件。",
        "Transfer the whole file again.",
    ),
    "cut-row": (
        "文件在此行中间被截断：有 {found} 列，表头有 {expected} 列。",
        "The file is cut in the middle of this row: {found} cells, the header has {expected}.",
        "请重新传输完整的文件。",
        "Transfer the whole file again.",
    ),
    "unclosed-quote": (
        "此行有未闭合的双引号，后面的行被并入同一单元格。",
        "A quote opened in this row is never closed; the rows after it run into one cell.",
        '请补上缺失的双引号；单元格内的双引号应写成两个（""）。',
        'Close the quote; a quote inside a cell is written twice ("").',
    ),
    "quote-inside": (
        "双引号闭合后还有其他字符。",
        "A closing quote is followed by more text.",
        '单元格内的双引号应写成两个（""）。',
        'A quote inside a cell is written twice ("").',
    ),
    "cell-size": (
        "单元格超过 {limit} 个字符。",
        "A cell has more than {limit} characters.",
        "请检查是否漏写了双引号，或缩短内容。",
        "Look for a missing quote, or shorten the text.",
    ),
    "line-size": (
        "此行超过 {limit} 个字符。",
        "This line has more than {limit} characters.",
        "请检查换行符是否丢失。",
        "Check that the line ends were not lost.",
    ),
    "cell-count": (
        "此行有 {found} 列，表头有 {expected} 列。",
        "This row has {found} cells, the header has {expected}.",
        "请检查是否多写或漏写了逗号；含逗号的单元格须加双引号。",
        "Look for a comma too many or too few; quote a cell that holds a comma.",
    ),
    "control-character": (
        "单元格含有控制字符（{character}）。",
        "The cell holds a control character ({character}).",
        "请删除该字符；只允许换行和制表符。",
        "Delete it; only line feed and tab are allowed.",
    ),
    "no-header": (
        "前 {rows} 行中找不到表头。",
        "No header was found in the first {rows} rows.",
        "第一行应为国家字段代码（如 CF_WSH）或中文字段名。",
        "The first row holds national codes (CF_WSH) or the Chinese column names.",
    ),
    "header-separator": (
        "各列以{separator}分隔，应以逗号分隔，因此找不到表头。",
        "The columns are separated by {separator}; they must be by comma, so no header was found.",
        "请在表格软件中打开并分列，另存为“CSV UTF-8（逗号分隔）”或 .xlsx。",
        "Open it in a spreadsheet with that separator, and save as CSV UTF-8 (comma) or .xlsx.",
    ),
    "no-json-fields": (
        "第一条 JSON 记录中没有任何认识的字段名，看不出是哪一类数据。",
        "The first JSON record has no field that is known, so its kind cannot be told.",
        "请用数据字典中的字段名（如 documentNumber）或国家字段代码（如 CF_WSH）；只有 type 不够。",
        "Use names of the dictionary (documentNumber) or codes (CF_WSH); a type will not do.",
    ),
    "missing-column": (
        "缺少必填列 {code}（{name}）。",
        "The required column {code} ({name}) is missing.",
        "请在表头中加入该列并填写数据。",
        "Add the column to the header and fill it in.",
    ),
    "duplicate-column": (
        "列 {code} 出现两次（{first} 列和此列）。",
        "Column {code} stands twice (at {first} and here).",
        "请删除其中一列。",
        "Delete one of the two.",
    ),
    "unknown-column": (
        "不认识的列，其内容不会载入。",
        "This column is not known; its cells are not loaded.",
        "如属必要信息，请改用模板中的字段代码。",
        "If it matters, name it by its code in the template.",
    ),
    "too-many-columns": (
        "表头有 {found} 列，上限为 {limit}。",
        "The header has {found} columns; {limit} are allowed.",
        *_CSV,
    ),
    "json-syntax": (
        "此处不是合法的 JSON（第 {character} 个字符）。",
        "This is not JSON (character {character} of the line).",
        *_JSON,
    ),
    "json-cut": ("JSON 在此处被截断。", "The JSON is cut off here.", *_JSON),
    "json-size": (
        "一条 JSON 记录超过 {limit} 个字符，或语法有误。",
        "A JSON record has more than {limit} characters, or is not JSON.",
        *_JSON,
    ),
    "json-depth": (
        "JSON 嵌套超过 {limit} 层。",
        "The JSON is nested deeper than {limit} levels.",
        *_JSON,
    ),
    "json-not-object": (
        "每条记录应为 JSON 对象。",
        "Each record must be a JSON object.",
        *_JSON,
    ),
    "json-duplicate-name": (
        "同一对象中名称 {name} 出现两次。",
        "The name {name} stands twice in one object.",
        "请保留其中一个。",
        "Keep one of the two.",
    ),
    "json-number": (
        "JSON 中不能有 NaN、Infinity 或超过 {limit} 位的数字。",
        "NaN, Infinity and numbers of more than {limit} digits are not allowed.",
        "金额请写成字符串，如 “2000.00”。",
        'Write money as a string such as "2000.00".',
    ),
    "json-surrogate": (
        "文本含有不成对的代理字符。",
        "The text holds an unpaired surrogate.",
        *_JSON,
    ),
    "json-value": (
        "此项应为字符串。",
        "This must be a string.",
        *_JSON,
    ),
    "repeated-key": (
        "与第 {row} 行是同一条记录；以此行为准。",
        "This is the same record as in row {row}; this row revises it.",
        "如为重复报送，请删除其中一行。",
        "If it was sent twice, delete one of the rows.",
    ),
    "other-name": (
        "代码 {code} 在第 {row} 行的名称是“{before}”，此行不同。",
        "Code {code} is called “{before}” in row {row}, and otherwise here.",
        "请核对代码和名称；改过名称的，以最新名称为准。",
        "Check code and name; after a change of name give the newest.",
    ),
    "wrong-source": (
        "此行的数据来源单位不是本次报送的单位 {source}。",
        "This row names another source unit than the delivery's ({source}).",
        "请由该单位自行报送，或改正代码。",
        "Let that unit deliver it, or mend the code.",
    ),
    "outdated-repeated": (
        "与 {received} 收到、已于 {replaced} 被取代的版本相同；此文件先前已导入过，不作改动。",
        "Equal to the version of {received}, superseded on {replaced}; this file came before.",
        "无需处理；如确要恢复到该内容，请用 load --allow-older 导入。",
        "Nothing needs to be done; to go back to it after all, use `load --allow-older`.",
    ),
    "outdated-version": (
        "与 {received} 收到、已于 {replaced} 被取代的版本相同，可能是旧文件；未写入，待人工审核。",
        "Equal to the version of {received}, superseded on {replaced}; maybe an older file.",
        *_IF_RIGHT,
    ),
    "outdated-file": (
        "此文件于 {received} 首次报送，早于现有版本（{replaced}），可能是旧数据；待人工审核。",
        "This file was first delivered on {received}, before the present version of {replaced}.",
        *_IF_RIGHT,
    ),
    "outdated-by-time": (
        "来源更新时间早于现有版本，是较旧的数据；未写入。",
        "The source's update time is earlier than that of the present version; not applied.",
        "如确应以此行为准，请改正来源更新时间，或用 load --allow-older 导入。",
        "If this row is right, mend its update time, or use `load --allow-older`.",
    ),
    "too-many-versions": (
        "该记录的版本过多，只与最近 {versions} 个作了比较，无法确定此行是否为旧数据；待人工审核。",
        "The row was compared with the newest {versions} versions only, and may be older data.",
        *_IF_RIGHT,
    ),
    "ledger-refused": (
        "台账不接受此行：{reason}",
        "The ledger refuses this row: {reason}",
        "请按原因改正后重新报送。",
        "Mend the cause and deliver the row again.",
    ),
    "key-gone": (
        "这条记录已撤下、公示期已满或已删除；重新报送不会恢复公示。",
        "Its record was withdrawn, has expired or was erased; a reload never brings it back.",
        "如撤下有误，请凭决定用 credence reinstate 重新公示。",
        "If it left by mistake, use `credence reinstate` with a decision.",
    ),
    "arrived-revoked": (
        "此行声明该决定已撤销，台账中也没有这条记录；不予公示。",
        "The row says that it was revoked, and no such record is known; it is not published.",
        "如状态填写有误，请改正后重新报送。",
        "If its state is wrong, mend it and deliver the row again.",
    ),
    "publicity-ended": (
        "申报的公示截止期已过，不予公示。",
        "The declared end of publicity lies in the past; the row is not published.",
        "如日期有误，请改正后重新报送。",
        "If the date is wrong, mend it and deliver the row again.",
    ),
    "basis-gone": (
        "此行所依据的记录均已撤下，不予公示。",
        "All that the row rests on was withdrawn; it is not published.",
        "如另有依据，请在行中写明该依据的文号和机关。",
        "If it rests on something else, name that in the row.",
    ),
    "refused-in-review": (
        "此行已于 {day} 由 {actor} 审核，不予通过：{because}",
        "This row was refused on {day} by {actor}: {because}",
        "请按审核意见改正后重新报送；改正后的行将另行审核。",
        "Mend what was objected to; the mended row is looked at afresh.",
    ),
    "review-full": (
        "此行须人工审核，但待审的行已满，未予保存。",
        "The row has to be reviewed, but too many rows wait already; it is not kept.",
        "请先用 credence review 审结待审的行，再重新导入此文件。",
        "Decide on what waits by `credence review`, then load this file again.",
    ),
    "key-conflict": (
        "此行的主键信息指向台账中不止一条记录，无法确定是哪一条。",
        "What this row tells of its key leads to more than one record of the ledger.",
        "请核对机关代码与名称是否一致，许可请填写许可编号；若记录重复，请先撤下多余的一条。",
        "Mend the authority's code or name or a licence's number, or withdraw what stands twice.",
    ),
    "several-targets": (
        "要修复的记录不止一条符合，无法确定是哪一条。",
        "More than one record answers to what is to be repaired.",
        "请核对机关代码与名称是否一致，许可请填写许可编号。",
        "Check that code and name of the authority agree, and give a licence's certificate number.",
    ),
    "unknown-target": (
        "找不到要修复的记录：{sought}。",
        "The record to be repaired is not known: {sought}.",
        "请核对其种类、决定书文号、处罚机关和行政相对人，并先报送该记录。",
        "Check its kind, document number, authority and counterpart, and deliver it first.",
    ),
    "clock-doubtful": (
        "本机时钟存疑，无法判断该行声明的公示截止期是否已过，未予处理。",
        "The clock is in doubt: whether the declared publicity end is past cannot be told.",
        "请由管理员校准时钟或运行 credence clock confirm，然后重新导入本文件。",
        "Have the clock set right or confirmed by `credence clock confirm`, then load again.",
    ),
    "resembles-removed": (
        "该行与一条已撤下的记录文书号和相对人相同，但机关或相对人的代码不同，须人工审核。",
        "A removed record has the same document number and counterpart under another code.",
        "若为同一决定，不得重新公示；若确为另一决定或代码更正，请由审核人放行。",
        "One and the same decision must not come back; a person may let the row through.",
    ),
}
