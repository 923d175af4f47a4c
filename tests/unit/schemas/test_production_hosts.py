"""Which hosts count as the real ones, however they are written."""

import pytest
from pydantic import ValidationError

from schemas.operations import Operations


@pytest.mark.parametrize(
    ("listed", "host"),
    [
        ("gateway.example.gov.cn", "gateway.example.gov.cn"),
        ("gateway.example.gov.cn", "GATEWAY.Example.GOV.cn."),
        ("example.gov.cn", "gateway.example.gov.cn"),
        ("10.1.2.3", "10.1.2.3"),
        ("10.1.0.0/16", "10.1.200.7"),
        ("10.1.2.3", "::ffff:10.1.2.3"),
        ("10.1.2.3", "10.1.515"),
        ("10.1.2.3", "0x0a010203"),
        ("fd00::1", "[fd00:0:0::1]"),
        ("fd00::/8", "fd12::9"),
    ],
    ids=lambda value: value,
)
def test_a_listed_host_is_real(listed: str, host: str) -> None:
    assert Operations(production_hosts=(listed,)).is_real(host)


@pytest.mark.parametrize(
    ("listed", "host"),
    [
        ("example.gov.cn", "myexample.gov.cn"),
        ("gateway.example.gov.cn", "example.gov.cn"),
        ("10.1.2.3", "10.1.2.30"),
        ("10.1.0.0/16", "10.2.0.1"),
        ("10.1.0.0/16", "10.1.example"),
        ("fd00::/8", "10.1.2.3"),
    ],
    ids=lambda value: value,
)
def test_another_host_is_not(listed: str, host: str) -> None:
    assert not Operations(production_hosts=(listed,)).is_real(host)


@pytest.mark.parametrize("entry", ["https://example.gov.cn", "example.gov.cn/path", "host:8443", "", "a b"])
def test_what_is_no_host_is_refused(entry: str) -> None:
    with pytest.raises(ValidationError, match="host name, an address or a network"):
        Operations(production_hosts=(entry,))
