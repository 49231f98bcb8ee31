"""Fixtures of the model's tests: the packaged model, sound rows, and records out of them.

Names are made up and codes are of the never-allotted QQQQ range. Tests change one thing in a
sound row or record and look at what that does.
"""

from __future__ import annotations

from typing import Any

import pytest

from exchange.model import Compiled, Model, compile_kind, load_model


@pytest.fixture(scope="session")
def model() -> Model:
    return load_model()


@pytest.fixture(scope="session")
def penalty(model: Model) -> Compiled:
    return compile_kind(model, "penalty")


@pytest.fixture(scope="session")
def repair(model: Model) -> Compiled:
    return compile_kind(model, "repair-case")


@pytest.fixture
def row() -> dict[str, str]:
    """Return a sound row about an organisation, in the 2018 form."""
    return {
        "CF_XDR_MC": "长治市测试青松建材有限公司",
        "CF_XDR_LB": "法人及非法人组织",
        "CF_XDR_SHXYM": "91140400QQQQ00013E",
        "CF_XDR_GSZC": "140400000001",
        "CF_FRDB": "测试甲",
        "CF_WSH": "测市监罚〔2026〕12号",
        "CF_WFXW": '销售"不合格"建材',
        "CF_SY": "经查，当事人销售的建材不合格。\n事实清楚。",
        "CF_YJ": "《中华人民共和国产品质量法》第四十九条",
        "CF_CFLB": "罚款；没收违法所得;其他-责令改正",
        "CF_NR": "罚款 2000 元，没收违法所得 100 元。",
        "CF_NR_FK": "0.2",
        "CF_NR_WFFF": "0.01",
        "CF_JDRQ": "2026/2/12",
        "CF_YXQ": "2099-12-31",
        "CF_GSJZQ": "2027-02-12",
        "CF_CFJG": "长治市测试监督管理局",
        "CF_CFJGDM": "11140400QQQQ0003X9",
        "CF_SJLY": "长治市测试监督管理局",
        "CF_SJLYDM": "11140400QQQQ0003X9",
        "BZ": "无",
    }


@pytest.fixture
def person_row(row: dict[str, str]) -> dict[str, str]:
    """Return a sound row about a natural person."""
    return row | {
        "CF_XDR_MC": "测试乙",
        "CF_XDR_LB": "自然人",
        "CF_XDR_SHXYM": "",
        "CF_FRDB": "",
        "CF_XDR_ZJLX": "身份证",
        "CF_XDR_ZJHM": "14040219900307001x",
    }


@pytest.fixture
def case_row() -> dict[str, str]:
    """Return a sound row of an open repair case about the penalty of `row`."""
    return {
        "XF_SLDW": "长治市测试发展和改革委员会",
        "XF_SLDWDM": "11140400QQQQ0003X9",
        "XF_AJBH": "XF-2026-1",
        "XF_JLZL": "行政处罚",
        "XF_JDJGDM": "11140400QQQQ0003X9",
        "XF_WSH": "测市监罚[2026]12号",
        "XF_XDR_SHXYM": "91140400QQQQ00013E",
        "XF_SQRQ": "2026-03-01",
        "XF_JG": "办理中",
    }


@pytest.fixture
def sound(penalty: Compiled, row: dict[str, str]) -> dict[str, Any]:
    """Return a sound penalty record."""
    return penalty.record(row, "2018")[0]
