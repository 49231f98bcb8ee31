from __future__ import annotations

from pathlib import Path

import pytest

from exchange.domain.disclosure_levels import Tier
from exchange.domain.errors import EnvironmentFault, UsageError
from publisher import settings
from publisher.layout import Layout


def write(root: Path, text: str) -> Path:
    (root / settings.FILE).write_text(text, encoding="utf-8")
    return root


def test_defaults_stand_in_the_data_directory(tmp_path: Path) -> None:
    found = settings.load(tmp_path, {})
    assert found.base_url == "http://127.0.0.1:8080"
    assert found.ledger == f"sqlite:///{tmp_path}/ledger.sqlite"
    assert found.origin["ledger"] == "default"


def test_the_environment_overrides_the_file(tmp_path: Path) -> None:
    write(tmp_path, 'query_timeout = 5\ndeployment_name = "某市"\n')
    found = settings.load(tmp_path, {"CREDENCE_QUERY_TIMEOUT": "7.5", "CREDENCE_DATA": "x"})
    assert found.query_timeout == 7.5
    assert found.origin["query_timeout"] == "environment"
    assert found.deployment_name == "某市"
    assert found.origin["deployment_name"] == settings.FILE


def test_every_key_is_a_field_and_has_help_in_both_languages() -> None:
    fields = set(settings.Settings.__dataclass_fields__) - {"origin"}
    assert {key.name for key in settings.KEYS} == fields
    assert all(key.zh and key.en for key in settings.KEYS)


@pytest.mark.parametrize(
    ("name", "near"), [("query_timout", "query_timeout"), ("baseurl", "base_url")]
)
def test_an_unknown_key_is_refused_with_the_nearest_name(
    tmp_path: Path, name: str, near: str
) -> None:
    write(tmp_path, f"{name} = 1\n")
    with pytest.raises(UsageError) as caught:
        settings.load(tmp_path, {})
    assert near in caught.value.hint
    with pytest.raises(UsageError) as caught:
        settings.load(tmp_path / "none", {f"CREDENCE_{name.upper()}": "1"})
    assert near in caught.value.hint


@pytest.mark.parametrize(
    "line",
    [
        'base_url = "ftp://x"',
        'base_url = "http://x/?q"',
        "query_workers = 1.5",
        "query_timeout = 0",
        "query_timeout = true",
        "query_timeout = " + "9" * 400,
        'base_url = "http://["',
        'base_url = "http://x:99999"',
        'base_url = "http://x/a b"',
        'base_url = "http://x/<a>"',
        'base_url = "http://user@x/"',
        'deployment_name = "two\\nlines"',
        'query_memory = "much"',
        "deployment_name = 3",
    ],
)
def test_a_value_of_the_wrong_form_is_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(UsageError):
        settings.load(write(tmp_path, line), {})


@pytest.mark.parametrize("text", ["base_url =", "a = " + "[" * 5_000, "a = " + "9" * 5_000])
def test_a_broken_file_is_an_environment_fault(tmp_path: Path, text: str) -> None:
    with pytest.raises(EnvironmentFault):
        settings.load(write(tmp_path, text), {})


def test_bytes_of_the_environment_that_are_no_text_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        settings.load(tmp_path, {"CREDENCE_DEPLOYMENT_NAME": "\udcff"})


def test_did_and_log_origin_follow_the_address(tmp_path: Path) -> None:
    found = settings.load(write(tmp_path, 'base_url = "https://x.example:8443/credit/"'), {})
    assert found.base_url == "https://x.example:8443/credit"
    assert found.did == "did:web:x.example%3A8443:credit"
    assert found.log_origin == "x.example:8443/credit/log"


@pytest.mark.parametrize(
    ("line", "read"),
    [
        ('trusted_proxies = ""', ""),
        ('trusted_proxies = "10.0.0.0/8, 192.0.2.1"', "10.0.0.0/8,192.0.2.1/32"),
        ('trusted_proxies = ["10.0.0.0/8", "2001:db8::/32"]', "10.0.0.0/8,2001:db8::/32"),
        ("trusted_proxies = []", ""),
    ],
)
def test_proxies_are_a_list_or_a_text_with_commas(tmp_path: Path, line: str, read: str) -> None:
    assert settings.load(write(tmp_path, line), {}).trusted_proxies == read


@pytest.mark.parametrize("value", ['"proxy.example"', '"10.0.0.1/8"', "true", '["10.0.0.0/99"]'])
def test_a_proxy_that_is_no_network_is_refused(tmp_path: Path, value: str) -> None:
    with pytest.raises(UsageError, match="trusted_proxies"):
        settings.load(write(tmp_path, f"trusted_proxies = {value}"), {})


def test_paths_lie_inside_the_data_directory(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    assert layout.triples(Tier.PUBLIC) == tmp_path / "surfaces" / "public" / "triples"
    assert layout.feed(Tier.PUBLIC) == tmp_path / "surfaces" / "public" / "feed"
    assert layout.secret.is_relative_to(tmp_path)


def test_the_data_directory_is_chosen_before_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CREDENCE_DATA", "/b")
    assert settings.data_directory("/a") == Path("/a")
    assert settings.data_directory(None) == Path("/b")
