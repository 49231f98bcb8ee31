from __future__ import annotations

from decimal import Decimal

import pytest

from exchange.model.cell_reader import parse_yuan

COLUMN = Decimal(10_000)


@pytest.mark.parametrize(
    ("cell", "amount"),
    [
        ("0.2", "2000.00"),
        ("500", "5000000.00"),
        ("０．２", "2000.00"),
        ("500万元", "5000000.00"),
        ("500万", "5000000.00"),
        ("500.00万元人民币", "5000000.00"),
        ("人民币500万元整", "5000000.00"),
        ("500万元（人民币）", "5000000.00"),
        ("500万人民币元", "5000000.00"),
        ("1.2亿元", "120000000.00"),
        ("2,000.50元", "2000.50"),
        ("￥2000元", "2000.00"),
        ("2000圆", "2000.00"),
    ],
)
def test_an_amount_that_names_its_unit_means_that_unit(cell, amount):
    assert parse_yuan(cell, COLUMN) == amount


@pytest.mark.parametrize(
    "cell",
    ["500万美元", "约2000元", "2000-3000元", "0.001元", "万元", "1,00元", "人民币500", "5百"],
)
def test_what_is_no_amount_of_yuan_stays_as_it_is(cell):
    assert parse_yuan(cell, COLUMN) == cell
