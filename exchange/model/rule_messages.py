"""Messages about rows and records, in Chinese and English, by rule (TERMS)."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from exchange.domain.disclosure_levels import DisclosureLevel
from exchange.domain.personal_data import mask
from exchange.model.kinds import Label

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exchange.model.kinds import Field
    from exchange.model.rule_conditions import Severity


@dataclass(frozen=True, slots=True)
class Problem:
    """A broken rule: field, rule, message and hint how to correct it.

    `column` is the code of the column, if the record came in a form. `value` is replaced by
    `HIDDEN_VALUE` for fields that are never public.
    """

    field: str | None
    column: str | None
    value: str
    rule: str
    message: Label
    hint: Label
    severity: Severity = "error"


_USCC: Final = Label(
    "请核对营业执照或登记证书上的 18 位代码。", "Check it against the certificate."
)
_ID: Final = Label("请核对证件上的号码。", "Check it against the document.")
_REVIEW: Final = Label(
    "此项会公开，请删去后重新报送；确可公开的，由审核人放行。",
    "This would be public: take it out and deliver it again, or let a reviewer pass it.",
)

_SHORTENED: Final = (
    Label("{label}被表格软件缩写成了科学计数法", "A spreadsheet shortened {label}"),
    Label(
        "请将该列设为文本格式，对照原件重新填写完整的号码或数字。",
        "Format the column as text and type the whole number again from the original.",
    ),
)

# rule -> (message, hint). {label}: the field; {limit}: what the rule requires.
TEMPLATES: Final[Mapping[str, tuple[Label, Label]]] = MappingProxyType(
    {
        "required": (
            Label("缺少{label}", "{label} is missing"),
            Label("请填写该项。", "Fill it in."),
        ),
        "required-when": (
            Label("{limit}，须填写{label}", "{label} is needed: {limit}"),
            Label("请填写该项，或更正其条件项。", "Fill it in, or mend what calls for it."),
        ),
        "only-when": (
            Label("{label}仅适用于：{limit}", "{label} applies only where {limit}"),
            Label("请清空该项，或更正其条件项。", "Clear it, or mend what forbids it."),
        ),
        "column-required": (
            Label("表式要求填写{label}", "The form asks for {label}"),
            Label("请填写该列。", "Fill the column in."),
        ),
        "max-length": (
            Label("{label}超过 {limit} 个字符", "{label} is longer than {limit} characters"),
            Label("请缩短。", "Shorten it."),
        ),
        "kind": (
            Label("type 应为 {limit}", "The type must be {limit}"),
            Label("请更正 type，或选择别的种类。", "Mend the type, or choose another kind."),
        ),
        "context": (
            Label("@context 应为 {limit}", "The @context must be {limit}"),
            Label("请改为该网址，或删除。", "Use that address, or leave it out."),
        ),
        "type": (
            Label("{label}的数据类型不对", "{label} has the wrong JSON type"),
            Label("请写成{limit}。", "Write it as {limit}."),
        ),
        "unknown-field": (
            Label("没有名为 {limit} 的字段", "There is no field named {limit}"),
            Label(
                "请删除，或改用数据字典中的名称。", "Remove it, or use a name of the dictionary."
            ),
        ),
        "text": (
            Label("{label}为空白或含有控制字符", "{label} is blank or has control characters"),
            Label(
                "只允许换行和制表符，请删除其他控制字符。",
                "Remove control characters other than line feed and tab.",
            ),
        ),
        "date": (
            Label("{label}不是有效日期", "{label} is not a day of the calendar"),
            Label("请写成 2026-02-28 的形式。", "Write it like 2026-02-28."),
        ),
        "moment": (
            Label("{label}不是有效时间", "{label} is not a time of the calendar"),
            Label("请写成 2026-02-28 09:30:00 的形式。", "Write it like 2026-02-28 09:30:00."),
        ),
        "money": (
            Label("{label}不是精确到分的金额", "{label} is not an amount to the cent"),
            Label(
                '表中以万元填写，最多六位小数；JSON 中以元填写，两位小数，如 "2000.00"。',
                'In a form give 10,000 yuan; in JSON yuan with two decimals, as "2000.00".',
            ),
        ),
        "code": (
            Label("{label}的取值不在代码表中", "{label} is not in its code list"),
            Label("可用取值：{limit}。", "Use one of: {limit}."),
        ),
        "pattern": (
            Label("{label}的格式不对", "{label} is not well-formed"),
            Label("请按数据字典填写。", "Write it as the dictionary says."),
        ),
        "uscc-length": (
            Label("{label}不足或超过 18 位", "{label} does not have 18 characters"),
            _USCC,
        ),
        "uscc-character": (
            Label("{label}含有不允许的字符", "{label} has a character that codes do not use"),
            Label(
                "代码不用字母 I、O、S、V、Z，第 3 至 8 位为数字。",
                "Codes use no I, O, S, V, Z; characters 3 to 8 are digits.",
            ),
        ),
        "uscc-check-digit": (
            Label("{label}的校验码不对", "The check character of {label} is wrong"),
            _USCC,
        ),
        "uscc-placeholder": (
            Label("{label}是占位代码", "{label} is a placeholder"),
            Label("请填写真实代码。", "Give the real code."),
        ),
        "id-length": (Label("{label}不是 18 位", "{label} does not have 18 characters"), _ID),
        "id-character": (Label("{label}含有不允许的字符", "{label} has a wrong character"), _ID),
        "id-birth-date": (
            Label("{label}中的出生日期无效", "The birth date in {label} does not exist"),
            _ID,
        ),
        "id-check-digit": (
            Label("{label}的校验码不对", "The check digit of {label} is wrong"),
            _ID,
        ),
        "counterpart": (
            Label("{label}与统一社会信用代码不一致", "{label} differs from the code"),
            Label("请删除该项，系统会自动得出。", "Leave it out; it is derived."),
        ),
        "category-code": (
            Label("{label}与代码不符：{limit}", "{label} does not fit the code: {limit}"),
            Label("请核对代码与类别，更正其一。", "Check the code and the category; mend one."),
        ),
        "id-number": (
            Label("{label}中有居民身份证号码", "{label} holds a resident ID number"),
            Label(
                "此项会公开，请删去号码；自然人的证件号码只填入证件号码栏。",
                "This would be public: take it out; a person's number goes into its own column.",
            ),
        ),
        "id-number-likely": (
            Label(
                "{label}中的号码可能是居民身份证号码",
                "{label} holds what may be a resident ID number",
            ),
            _REVIEW,
        ),
        "mobile-number": (
            Label("{label}中有手机号码", "{label} holds a mobile telephone number"),
            _REVIEW,
        ),
        "bank-card": (
            Label("{label}中有银行卡号", "{label} holds the number of a bank card"),
            _REVIEW,
        ),
        "home-address": (
            Label("{label}中有个人住址", "{label} holds where a person lives"),
            _REVIEW,
        ),
        "person-description": (
            Label(
                "{label}中有个人的性别、民族、年龄或出生日期",
                "{label} describes a person by sex, ethnic group, age or birth",
            ),
            _REVIEW,
        ),
        "identity-document": (
            Label("{label}中有个人证件号码", "{label} holds the number of a person's document"),
            _REVIEW,
        ),
        "personal-account": (
            Label(
                "{label}中有个人的邮箱或社交账号", "{label} holds a person's e-mail or chat account"
            ),
            _REVIEW,
        ),
        "person-name": (
            Label(
                "{label}中有本条记录不公开的姓名",
                "{label} holds a name that this record keeps from the public",
            ),
            _REVIEW,
        ),
        "person-name-alone": (
            Label(
                "{label}就是本条记录不公开的姓名",
                "{label} is the very name that this record keeps from the public",
            ),
            Label(
                "此项会公开，请填写单位名称。",
                "This would be public: give the name of the office or shop.",
            ),
        ),
        "shortened": _SHORTENED,
        "shortened-number": _SHORTENED,
        "date-instead": (
            Label(
                "{label}填的是日期，可能被表格软件改过，或列已错位",
                "{label} holds a date: a spreadsheet changed it, or the columns are displaced",
            ),
            Label(
                "请将该列设为文本格式，对照原件重新填写；并核对各列是否对齐。",
                "Format the column as text, type it again, and check that the columns are aligned.",
            ),
        ),
        "code-instead": (
            Label(
                "{label}填的是代码或证件号码，各列可能错位",
                "{label} holds the number of a company or document: the columns may be displaced",
            ),
            Label("请填写名称，并核对各列是否对齐。", "Give the name; check the columns."),
        ),
        "letterless": (
            Label("{label}只有数字或标点", "{label} consists of digits or punctuation only"),
            Label("请对照原件核对。", "Check it against the original."),
        ),
        "single-character": (
            Label("{label}只有一个字符", "{label} is a single character"),
            Label("请对照原件填写全文。", "Give it in full, as in the original."),
        ),
        "placeholder-word": (
            Label("{label}填的是占位字样", "{label} holds a word that only fills the cell"),
            Label("请填写实际内容。", "Say what it really is."),
        ),
        "trial-value": (
            Label("{label}像是测试数据", "{label} looks like a test value"),
            Label("如为测试，请删除该行。", "Delete the row if it is a test."),
        ),
        "no-law": (
            Label("{label}没有写明法律、法规或规章", "{label} names no law, regulation or rule"),
            Label(
                "请写明名称和条款，如《中华人民共和国广告法》第五十五条。",
                "Give its name and article.",
            ),
        ),
        "numberless": (
            Label(
                "{label}中没有任何数字或括号，可能填的是别的列的内容",
                "{label} has neither digit nor bracket: maybe another column's text",
            ),
            Label("请核对文号，并核对各列是否对齐。", "Check the number and the columns."),
        ),
        "swapped": (
            Label(
                "{label}未引法规，而{limit}引了条款，两列可能颠倒",
                "{label} cites no law while {limit} does: the two may have changed places",
            ),
            Label("请核对这两列。", "Check both columns."),
        ),
        "future": (
            Label("{label}晚于今天（{limit}）", "{label} is later than today ({limit})"),
            Label("请核对年份。", "Check the year."),
        ),
        "before-other": (
            Label("{label}早于{limit}", "{label} lies before {limit}"),
            Label("请核对这两个日期。", "Check both days."),
        ),
        "too-large": (
            Label("{label}超过 {limit} 元，请核对单位", "{label} is more than {limit} yuan"),
            Label(
                "表中以万元填写，JSON 中以元填写。",
                "In a form give 10,000 yuan, in JSON yuan.",
            ),
        ),
        "amount-differs": (
            Label("{label}与{limit}不一致", "{label} is not the amount in {limit}"),
            Label("请核对金额和单位。", "Check amount and unit."),
        ),
        "amount-factor": (
            Label(
                "{label}与{limit}正好相差一万倍，多半是把元填成了万元",
                "{label} is 10,000 times off the amount in {limit}: yuan taken for 10,000 yuan",
            ),
            Label(
                "表中以万元填写：5000 元应填 0.5。",
                "A form takes 10,000 yuan: 5,000 yuan is 0.5.",
            ),
        ),
        "date-serial": (
            Label(
                "{label}是日期的序号（{limit}），日期格式已丢失",
                "{label} is a day's serial number ({limit}): its date format is lost",
            ),
            Label(
                "请将该列设为日期格式后重新保存，并核对日期。",
                "Format the column as a date, save again and check the day.",
            ),
        ),
        "date-zone": (
            Label(
                "{label}带有时区，看不出是中国的哪一天",
                "{label} carries a time zone, so that the day in China is not certain",
            ),
            Label("请只写中国日期，如 2026-02-28。", "Give the day in China alone: 2026-02-28."),
        ),
        "date-time": (
            Label("{label}中的时间无效", "The time in {label} does not exist"),
            Label("请只写日期，如 2026-02-28。", "Give the day alone, as 2026-02-28."),
        ),
        "time-dropped": (
            Label("{label}带有时间，只取日期", "{label} has a time; the day alone is taken"),
            Label("请只写日期，并核对是否为当天。", "Give the day alone, and check that it is it."),
        ),
        "next-day": (
            Label(
                "{label}带有时间，只取日期；该时间常由时区换算而来，实际可能是次日",
                "{label} has a time, which is dropped; such a time often comes of a time zone, "
                "and the next day is meant",
            ),
            Label(
                "请对照原件核对日期，只写日期。",
                "Check the day against the original and give it alone.",
            ),
        ),
        "blank-word": (
            Label("{label}填的是空值字样，按未填处理", "{label} holds a word for blank; left out"),
            Label("没有内容时请留空。", "Leave the cell empty."),
        ),
        "placeholder-dropped": (
            Label("{label}是占位代码，已略去", "{label} is a placeholder and was dropped"),
            Label("请填写真实代码。", "Give the real code."),
        ),
    }
)
# Rules whose sentence stands with the value type (sh:message in shapes/common.ttl).
_BY_VALUE: Final = frozenset({"text", "date", "moment", "money", "code", "pattern"})
HIDDEN_VALUE: Final = "***"
_HIDE: Final = frozenset({DisclosureLevel.ARCHIVE, DisclosureLevel.AUTHORISED})
_LONGEST: Final = 200  # characters of a value that a finding quotes


def field_problem(  # noqa: PLR0913 (what a finding needs)
    field: Field,
    rule: str,
    value: object,
    *,
    form: str | None = None,
    limit: Label | str = "",
    severity: Severity = "error",
) -> Problem:
    """Return the problem of a field's value."""
    what, hint = TEMPLATES[rule]
    if rule in _BY_VALUE:
        what = field.value_type.message
    column = field.columns.get(form) if form else None
    label = Label(column.label, column.label_en) if column else field.label
    shown = "" if value is None else mask(str(value)[:_LONGEST])
    return Problem(
        field=field.name,
        column=column.code if column else None,
        value=HIDDEN_VALUE if shown and field.disclosure in _HIDE else shown,
        rule=rule,
        message=what.fill(label=label, limit=limit),
        hint=hint.fill(label=label, limit=limit),
        severity=severity,
    )


def record_problem(rule: str, value: object, limit: str) -> Problem:
    """Return a problem of the record that is no field's: `unknown-field`, `kind`, `context`."""
    what, hint = TEMPLATES[rule]
    limit = mask(limit[:_LONGEST])
    return Problem(None, None, mask(str(value)[:_LONGEST]), rule, what.fill(limit=limit), hint)
