"""What may be declared of a REST source: only addresses that cannot lead elsewhere, and secrets by name."""

import tomllib

import pytest
from pydantic import ValidationError

from schemas.channel_rest import RestChannel

SMALLEST = {"kind": "rest", "base_url": "https://gateway.example", "path": "/elders", "envelope": {"records": "data"}}

COMPLETE = """
kind = "rest"
base_url = "https://gateway.example.gov.cn/ebus/elders"
path = "/list"
method = "POST"
ca_file = "/etc/eldersync/gateway-ca.pem"
key = "rowId"
repeated_share = 0.01

[headers]
X-Api-Key = "${health_api_key}"

[body]
unit = "梅县区民政局"
operator = { name = "${operator_name}", purpose = "特殊困难老年人名单" }

[auth]
kind = "bearer"
header = "Authorization"
prefix = "Bearer "

[auth.call]
path = "/token"
body = { appId = "elders", client_secret = "${health_client_secret}" }
answer = "data.accessToken"
success = [{ path = "code", values = [200, "0"] }]

[paging]
kind = "page"
parameter = "page.number"
size_parameter = "page.size"
size = 500
first = 1

[envelope]
records = "data.list"
success = [{ path = "code", values = [200] }, { path = "data.code", values = ["0"] }]
total = "data.total"
has_more = "data.hasMore"
content_types = ["application/json", "text/json"]
token_expired = [401, "A0230"]
busy = ["A0501"]

[increment]
parameter = "updatedSince"
field = "updateTime"
start = "2020-01-01 00:00:00"
lag = 7200

[limits]
calls_per_second = 2
pull_seconds = 900
"""


def declared(**changes):
    return RestChannel.model_validate({**SMALLEST, **changes})


def test_a_complete_declaration_names_its_secrets_and_holds_none():
    channel = RestChannel.model_validate(tomllib.loads(COMPLETE))
    assert channel.secret_names == {"health_api_key", "operator_name", "health_client_secret"}
    assert channel.puts_parameters_in == "body"


@pytest.mark.parametrize(
    ("auth", "names"),
    [
        ({"kind": "none"}, set()),
        ({"kind": "basic", "user": "elders", "password_secret": "health_password"}, {"health_password"}),
        ({"kind": "gateway", "family": "rio", "paas_id": "elders", "token_secret": "tif_token"}, {"tif_token"}),
        ({"kind": "national", "rid": "r", "sid": "s", "key_secret": "app_key", "refresh_path": "/k"}, {"app_key"}),
    ],
    ids=lambda value: value.get("kind") if isinstance(value, dict) else None,
)
def test_every_way_to_be_let_in_names_its_secret(auth, names):
    assert declared(auth=auth).secret_names == names


HOSTILE = [
    "http://gateway.example",
    "http://gateway.example:443",
    "http://10.1.2.3",
    "http://2130706433",
    "http://0x7f000001",
    "http://0177.0.0.1",
    "http://127.1",
    "http://127.0.0.1.example",
    "http://localhost.example",
    "http://[::ffff:10.1.2.3]",
    "ftp://gateway.example",
    "file:///etc/passwd",
    "gopher://gateway.example",
    "//gateway.example",
    "gateway.example",
    "https://",
    "https:///elders",
    "https://user@gateway.example",
    "https://user:password@gateway.example",
    "https://gateway.example@elsewhere.example",
    "https://gateway.example:443@elsewhere.example",
    "https://gateway.example\\@elsewhere.example",
    "https://gateway.example\\.elsewhere.example",
    "https://gateway.example#@elsewhere.example",
    "https://gateway.example?x=1",
    "https://gateway.example/?x=1",
    "https://gateway.example/#fragment",
    "https://gateway.example:0",
    "https://gateway.example:99999",
    "https://gateway.example:-1",
    "https://gateway.example:port",
    "https://gateway.example:",
    "https://gateway..example",
    "https://.gateway.example",
    "https://gateway.example.",
    "https://-gateway.example",
    "https://gateway_.example",
    "https://gate way.example",
    "https://gateway.example /elders",
    "https://gateway.example/a b",
    "https://gateway.example/..",
    "https://gateway.example/a/../b",
    "https://gateway.example/%s\n",
    "https://gateway.example\r\nHost: elsewhere.example",
    "https://gateway.example\t",
    " https://gateway.example",
    "https://gateway.example\x00.elsewhere.example",
    "https://gateway。example",
    "https://ｇateway.example",
    "https://网关.example",
    "https://gateway.example／elsewhere",
    "https://[::1",
    "https://[gateway.example]",
    "https://[::1]elsewhere.example",
    "https://[fe80::1%25eth0]",
    "https://gateway.example,elsewhere.example",
    "https://gateway.example;elsewhere.example",
    "https://%67ateway.example",
    "https://gateway.example%2eelsewhere.example",
    "https://*.example",
    "https://" + "a" * 300 + ".example",
]


@pytest.mark.parametrize("url", HOSTILE, ids=ascii)
def test_an_address_that_could_lead_elsewhere_is_refused(url):
    with pytest.raises(ValidationError):
        declared(base_url=url, allow_plain_http_on_loopback=True)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.9.10", "[::1]"])
def test_plain_http_is_for_this_machine_and_must_be_asked_for(host):
    assert declared(base_url=f"http://{host}:8080", allow_plain_http_on_loopback=True)
    with pytest.raises(ValidationError, match="plain http"):
        declared(base_url=f"http://{host}:8080")


@pytest.mark.parametrize(
    "path", ["elders", "/elders?x=1", "/elders#x", "/a b", "/..", "/a/../../b", "/${secret}", "/\\elsewhere"]
)
def test_a_path_stays_below_the_address(path):
    with pytest.raises(ValidationError):
        declared(path=path)


@pytest.mark.parametrize(
    "changes",
    [
        {"verify": False},
        {"insecure": True},
        {"body": {"x": 1}},
        {"parameters_in": "body"},
        {"method": "POST", "paging": {"kind": "next_link", "next": "next"}},
        {"ca_file": "ca.pem"},
        {"headers": {"Host": "elsewhere.example"}},
        {"headers": {"Content-Type": "text/plain"}},
        {"headers": {"X Y": "1"}},
        {"query": {"key": "${Not A Name}"}},
        {"increment": {"parameter": "since", "field": "at", "start": "never"}},
        {"increment": {"parameter": "since", "field": "at", "start": "x", "form": "number"}},
        {"increment": {"parameter": "since", "field": "at", "start": "2020-01-01 00:00:00", "timezone": "Mars"}},
        {"repeated_share": 1.0},
    ],
    ids="+".join,
)
def test_a_declaration_that_contradicts_itself_is_a_mistake(changes):
    with pytest.raises(ValidationError):
        declared(**changes)
