"""CSV templates to fill in, and the data dictionary for people, in Chinese and English."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Final

from exchange.model.kinds import FieldType
from exchange.model.value_checks import condition_label

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exchange.model.kinds import Column, Field, Kind, Scheme

_TYPE_NAMES: Final = {
    FieldType.TEXT: "文本 text",
    FieldType.CODE: "代码 code",
    FieldType.ORGANISATION: "统一社会信用代码 social credit code",
    FieldType.DATE: "日期 date",
    FieldType.MOMENT: "时间 time",
    FieldType.MONEY: "金额（元） yuan",
}


def csv_template(kind: Kind, form: str) -> bytes:
    """Return an empty CSV of the form: column codes as header, UTF-8 with a byte order mark."""
    out = io.StringIO()
    codes = dict.fromkeys(column.code for field in kind.fields for column in field.columns_in(form))
    csv.writer(out, lineterminator="\r\n").writerow(codes)
    return out.getvalue().encode("utf-8-sig")


def data_dictionary(kind: Kind) -> bytes:
    """Return the data dictionary of the kind as Markdown."""
    lines = [
        f"# {kind.label.zh} {kind.label.en} (`{kind.slug}`)",
        "",
        "由 `credence derive` 从 shapes/ 生成，请勿手改。Derived of shapes/ by `credence derive`.",
        "",
        f"- JSON `type`: `{kind.type_name}`",
        f"- 主键 key: {', '.join(f'`{name}`' for name in kind.key)}",
        f"- 最宽层级 widest tier: {kind.max_tier.value}",
        f"- 对应任务 tasks served: {', '.join(map(str, kind.tasks))}",
    ]
    for form in kind.forms:
        lines += ["", f"## 表式 form {form}", "", *_form(kind, form)]
    lines += ["", "## 字段 fields", "", *_fields(kind), *_codes(kind)]
    return ("\n".join(lines) + "\n").encode()


def _form(kind: Kind, form: str) -> Iterator[str]:
    yield "| 列 column | 别名 aliases | 名称 name | 字段 field | 必填 required | 可信度 certainty |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for field in kind.fields:
        for column in field.columns_in(form):
            yield _row(
                column.code,
                " ".join(column.aliases),
                f"{column.label} {column.label_en}",
                field.name,
                _needed(kind, field, column),
                column.certainty,
            )


def _needed(kind: Kind, field: Field, column: Column) -> str:
    if field.required or column.required:
        return "是 yes"
    clauses = [condition_label(item.when, kind) for item in field.required_when]
    return "；".join(f"{clause.zh} {clause.en}" for clause in clauses)


def _fields(kind: Kind) -> Iterator[str]:
    yield "| 字段 field | 名称 name | 类型 type | 最长 length | 公开程度 leaf | 属性 property |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for field in kind.fields:
        sort = _TYPE_NAMES[field.field_type] + (f" `{field.scheme.slug}`" if field.scheme else "")
        yield _row(
            field.name,
            f"{field.label.zh} {field.label.en}",
            sort + ("，可多个 several" if field.many else ""),
            "" if field.max_length is None else str(field.max_length),
            _leaves(kind, field),
            f"<{field.iri}>",
        )


def _leaves(kind: Kind, field: Field) -> str:
    parts = [field.disclosure.value]
    for rule in field.disclosure_when:
        clause = condition_label(rule.when, kind)
        parts.append(f"{rule.disclosure.value}（{clause.zh} {clause.en}）")
    return "；".join(parts)


def _codes(kind: Kind) -> Iterator[str]:
    schemes: dict[str, Scheme] = {f.scheme.slug: f.scheme for f in kind.fields if f.scheme}
    for slug, scheme in sorted(schemes.items()):
        yield from ("", f"## 代码表 code list `{slug}`: {scheme.label.zh} {scheme.label.en}", "")
        yield "| 代码 code | 名称 name | 也写作 also |"
        yield "| --- | --- | --- |"
        for item in scheme.concepts.values():
            yield _row(
                item.notation, f"{item.label.zh} {item.label.en}", "、".join(item.alternatives)
            )


def _row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"
