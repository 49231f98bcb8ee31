"""Rules about workbooks and what spreadsheets do to cells, as in `rule_messages`."""

from __future__ import annotations

from typing import Final

_RESAVE: Final = (
    "请在表格软件中打开，只保留数据后另存为 .xlsx 或“CSV UTF-8”。",
    "Open it in a spreadsheet, keep the data only, save it as .xlsx or CSV UTF-8.",
)
_SPLIT: Final = ("请拆分后重新报送。", "Split it and deliver the parts.")

WORKBOOK_MESSAGES: Final[dict[str, tuple[str, str, str, str]]] = {
    "xlsx-bomb": (
        "压缩的表格展开后过大（{found} {unit}，上限 {limit}）。",
        "The workbook unpacks to too much ({found} {unit}; {limit} allowed).",
        *_RESAVE,
    ),
    "xlsx-far-cell": (
        "{cell} 列有内容，超出允许的 {limit} 列。",
        "A cell stands in column {cell}, beyond the {limit} columns allowed.",
        "请删除表格右侧多余的单元格后重新保存。",
        "Delete the stray cells at the right and save again.",
    ),
    "xlsx-large": (
        "工作簿过大，或有单元格远离表格，无法在限定的内存和时间内打开。",
        "The workbook is too large, or a cell stands far off its table.",
        "请删除远离表格的单元格，或拆分，或另存为“CSV UTF-8”。",
        "Delete cells far from the table, split it, or save it as CSV UTF-8.",
    ),
    "xlsx-broken": (
        "工作簿已损坏或不完整，无法打开。",
        "The workbook is damaged or cut short; it cannot be opened.",
        "请在表格软件中打开并另存为 .xlsx，或重新传输完整的文件。",
        "Open it in the spreadsheet and save it as .xlsx again, or transfer the whole file again.",
    ),
    "too-many-sheets": (
        "工作簿有 {found} 张工作表，上限为 {limit}。",
        "The workbook has {found} sheets; {limit} are allowed.",
        *_SPLIT,
    ),
    "sheet-skipped": (
        "此工作表中找不到表头，未读取。",
        "No header was found in this sheet; it is not read.",
        "如其中有数据，请在第一行写上字段代码。",
        "If it holds data, name the columns by their codes in its first row.",
    ),
    "formula": (
        "单元格是公式，取其上次计算的值。",
        "The cell holds a formula; the value it last had is taken.",
        "请核对该值；最好粘贴为数值。",
        "Check the value; better paste it as a value.",
    ),
    "formula-empty": (
        "单元格是公式，但没有保存计算结果。",
        "The cell holds a formula without a saved value.",
        "请在表格软件中打开、重新计算并保存，或粘贴为数值。",
        "Open it in the spreadsheet, recalculate and save, or paste it as a value.",
    ),
    "number-shown": (
        "单元格显示为“{shown}”，实际存的是另一个数字，此列应为文本。",
        "The cell shows “{shown}” and holds another number; this column is of text.",
        "请将该列设为文本格式，按显示的内容重新填写。",
        "Format the column as text and type again what the cell shows.",
    ),
    "money-shown": (
        "单元格显示为“{shown}”：数字格式带有单位或倍率，看不出存的数字是多少元。",
        "The cell shows “{shown}”: its number format has a unit or scale of its own.",
        "请将该列设为常规数字格式，按表头的单位填写；或改为文本，连单位一起填写。",
        "Format the column as plain numbers in the unit of its header, or type it with its unit.",
    ),
    "money-rounded": (
        "单元格显示为“{shown}”，是按数字格式舍入的；取所存的数字。",
        "The cell shows “{shown}”, rounded by its format; the stored number is taken.",
        "请将该列设为常规数字格式，核对金额。",
        "Format the column as plain numbers and check the amount.",
    ),
    "date-shown": (
        "单元格的日期格式“{shown}”没有显示完整的年月日；取所存的日期。",
        "The format “{shown}” of the cell shows no whole day; the stored day is taken.",
        "请将该列设为完整的日期格式，如 2026-02-28，并核对年份。",
        "Format the column as whole days, as 2026-02-28, and check the year.",
    ),
    "date-cell": (
        "文本列中的单元格是日期格式，显示的内容与所取的值可能不同。",
        "The cell of a text column is formatted as a date; it may show another text than is taken.",
        "请将该列设为文本格式，对照原件重新填写。",
        "Format the column as text and type it again from the original.",
    ),
    "sheet-hidden": (
        "工作表已隐藏，其中 {rows} 行未读取。",
        "The sheet is hidden; its {rows} rows are not read.",
        "如应报送，请取消隐藏；否则请删除该工作表。",
        "Unhide it if it is to be delivered, or delete it.",
    ),
    "sheet-very-hidden": (
        "工作表被深度隐藏（菜单中看不到），其中 {rows} 行未读取。",
        "The sheet is hidden so that no menu shows it; its {rows} rows are not read.",
        "请在 VBA 编辑器中取消隐藏或删除，或将数据复制到新工作簿。",
        "Unhide or delete it in the VBA editor, or copy the data to a new workbook.",
    ),
    "sheets-hidden": (
        "含有数据的工作表都已隐藏，没有可读取的内容。",
        "Every sheet with data is hidden; there is nothing to read.",
        "请取消隐藏应报送的工作表。",
        "Unhide the sheet that is to be delivered.",
    ),
    "rows-hidden": (
        "隐藏的行也已读取：{ranges}。",
        "Hidden rows are read too: {ranges}.",
        "请取消隐藏并核对；不应报送的行请删除。",
        "Unhide and check them; delete those that are not to be delivered.",
    ),
    "rows-filtered": (
        "被筛选隐藏的行也已读取：{ranges}。",
        "Rows hidden by a filter are read too: {ranges}.",
        "请清除筛选并核对；不应报送的行请删除。",
        "Clear the filter and check them; delete those that are not to be delivered.",
    ),
    "columns-hidden": (
        "隐藏的列也已读取：{ranges}。",
        "Hidden columns are read too: {ranges}.",
        "请取消隐藏并核对其内容。",
        "Unhide them and check what they hold.",
    ),
    "xlsx-formulas": (
        "一张工作表有 {limit} 个以上的公式单元格。",
        "A sheet has more than {limit} cells with a formula.",
        *_RESAVE,
    ),
    "xlsx-formats": (
        "一张工作表的数字格式变化超过 {limit} 处。",
        "The number formats of a sheet change more than {limit} times.",
        *_RESAVE,
    ),
    "formula-error": (
        "单元格的值是错误（如 #N/A）。",
        "The cell's value is an error such as #N/A.",
        "请改正公式，或填写数值。",
        "Mend the formula, or give the value.",
    ),
    "formula-error-inside": (
        "单元格的文字中夹有公式的错误值（如 #REF!）。",
        "An error of a formula, such as #REF!, stands within the cell's text.",
        "请对照原件重新填写。",
        "Type it again from the original.",
    ),
    "encoding-lost": (
        "单元格中有乱码：原文的编码已丢失，看不出原来的文字。",
        "The cell's text is garbled: its encoding was lost before it was saved here.",
        "请从业务系统重新导出（UTF-8），或对照原件重新填写。",
        "Export it again as UTF-8, or type it again from the original.",
    ),
    "shortened-inside": (
        "文字中有科学计数法的数字，可能是被表格软件缩写的号码。",
        "The text holds a number in E-notation, maybe a number that a spreadsheet shortened.",
        "请对照原件核对，写出完整的数字。",
        "Check it against the original and write the whole number.",
    ),
    "cell-twice": (
        "工作簿中此单元格出现两次，看不出哪个值是对的。",
        "The workbook gives this cell twice; which value is right cannot be told.",
        "请在表格软件中打开，核对该单元格后重新保存。",
        "Open it in the spreadsheet, check the cell and save it again.",
    ),
    "truth-value": (
        "文本列中填的是逻辑值（TRUE 或 FALSE）。",
        "A column of text holds TRUE or FALSE.",
        "请填写实际内容；没有内容时请留空。",
        "Say what it really is, or leave the cell empty.",
    ),
    "merged": (
        "单元格与上方单元格合并，取上方的值。",
        "The cell is merged with the one above; the value above is taken.",
        "最好取消合并，逐行填写。",
        "Better undo the merge and fill in every row.",
    ),
    "merged-across": (
        "单元格跨列合并，看不出各列的值。",
        "The cell is merged over several columns, so that no column's value is known.",
        "请取消合并，逐列填写。",
        "Undo the merge and fill in every column.",
    ),
    "lost-digits": (
        "该号码按数字保存，15 位以后的数字已丢失。",
        "The number was stored as a number; its digits after the fifteenth are lost.",
        "请将该列设为文本格式，重新填写完整号码。",
        "Format the column as text and type the whole number again.",
    ),
}
