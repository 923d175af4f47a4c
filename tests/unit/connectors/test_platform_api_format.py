"""An interface is declared once, and a wrong declaration names the key."""

import pytest
from api_answers import API, CONFIG, FLAT, PROFILE, api_with

from connectors.platform_api import PlatformApi
from schemas.errors import ConfigurationInvalid, SecretMissing
from schemas.platform_api import ApiFormat
from schemas.platform_profile import load_profile

WRONG = {
    "no address": ('url = ""', "url"),
    "plain http to another machine": ('url = "http://10.0.0.1"', "url"),
    "this machine in an odd spelling": ('url = "http://127.1"', "url"),
    "a user name": ('url = "https://a:b@gateway.invalid"', "url"),
    "a query": ('url = "https://gateway.invalid/?a=1"', "url"),
    "a way up": ('url = "https://gateway.invalid/a/../b"', "url"),
    "an escape": ('url = "https://gateway.invalid/%2e%2e"', "url"),
    "a relative certificate": ('ca_file = "ca.pem"', "ca_file"),
    "an unknown key": ("batch_size = 3", "batch_size"),
    "no items": ("batch_items = 0", "batch_items"),
    "a path without slash": ('[api.paths]\nupsert = "a"', "paths.upsert"),
    "no path": ('[api.paths]\nwithdraw = ""', "paths.withdraw"),
    "a path with a query": ('[api.paths]\nquery = "/a?b"', "paths.query"),
    "two paths alike": ('[api.paths]\nlist = "/ebus/elders/query"', "paths"),
    "no application": ('[api.signing]\npaas_id = ""', "signing: paas_id"),
    "no requester": ('[api.signing]\nscheme = "national"\nrid = "r"', "signing: rid and sid"),
    "a secret in its place": ('[api.signing]\ntoken_secret = "S3cret!"', "signing.token_secret"),
    "an unknown scheme": ('[api.signing]\nscheme = "md5"', "signing.scheme"),
    "a refresh of nothing": ('[api.signing]\nrefresh_path = "/r"', "signing: refresh_path"),
    "no key": ('[api.request]\nkey = ""', "request.key"),
    "two names alike": ('[api.request]\nkey = "person"', "request: key, person"),
    "no word for an operation": ('[api.request]\noperations = { new = "I" }', "request: operations.changed"),
    "items in the batch's place": ('[api.request]\nbatch = "items"', "request: items"),
    "members within a member": ('[api.request]\nbatch = "a"\nitems = "a.b"', "request: a"),
    "what is said in another's place": ('[api.request]\nalso = { persons = "x" }', "request.also.persons"),
    "no success": ("[api.answer]\nsuccess = []", "answer.success"),
    "no value": ('[api.answer]\nsuccess = [{ path = "code", values = [] }]', "answer.success.0.values"),
    "a fraction": ('[api.answer]\nsuccess = [{ path = "code", values = [0.5] }]', "answer.success.0.values"),
    "a path with a hole": ('[api.answer]\nitems = "data..items"', "answer.items"),
    "a word twice": ('[api.answer]\naccepted = ["ok"]\nrejected = ["ok"]', "answer: accepted"),
    "an echo of nothing": ('[api.request]\nbatch = ""', "answer.batch"),
    "receipts nobody gets": ('[api.answer]\nreceipt = ""', "answer.receipt"),
    "one path and no operation": (
        '[api.paths]\nwithdraw = "/ebus/elders/upsert"\n[api.request]\noperation = ""', "request.operation",
    ),
    "a meaning nobody knows": ('[api.codes]\n1 = "retry"', "codes.1"),
    "a meaning of a whole for an item": ('[api.item_codes]\n1 = "split"', "item_codes.1"),
    "asked by, and not found": ('[api.lookup]\nby = "cardNo"', "lookup: by and number"),
    "pages from two": ("[api.listing]\nfirst = 2", "listing.first"),
}  # fmt: skip


def written(folder, section):
    text = (CONFIG / "example.toml").read_text(encoding="utf-8")
    before, rest = text.split("[api]\n")
    after = rest[rest.index("# The exchange table") :]
    head = "" if section.startswith("url") else 'url = "http://127.0.0.1:1"\n'
    path = folder / "wrong.toml"
    path.write_text(f"{before}[api]\n{head}{section}\n{after}", encoding="utf-8")
    return path


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_declaration_names_its_key(tmp_path, case):
    section, key = WRONG[case]
    with pytest.raises(ConfigurationInvalid, match=rf"api[.:] ?{key.replace('.', '[.]')}"):
        load_profile(written(tmp_path, section))


def test_what_is_left_out_is_as_the_stand_in_has_it():
    assert api_with() == API


def test_values_keep_their_types():
    values = api_with(answer={"success": [{"path": "a", "values": [1, "1", True, 0, False]}]}).answer.success[0].values
    assert [type(value) for value in values] == [int, str, bool, int, bool]


@pytest.mark.parametrize(
    "url", ["https://gateway.invalid", "https://gateway.invalid:8443/ebus/", "http://localhost:1", "http://[::1]:1"]
)
def test_good_addresses_are_taken(url):
    assert ApiFormat(url=url).url == url.rstrip("/")


def test_a_flat_item_and_a_column_of_the_same_name_are_told_before_anything_is_sent():
    request = FLAT.api.request.model_copy(update={"key": "cardNo"})
    clashing = FLAT.model_copy(update={"api": FLAT.api.model_copy(update={"request": request})})
    with pytest.raises(ConfigurationInvalid, match="cardNo is the name of a column"):
        PlatformApi(clashing, "t")


def test_a_column_asked_by_must_be_there():
    lookup = API.lookup.model_copy(update={"by": "cardNo", "number": "cardNo"})
    with pytest.raises(ConfigurationInvalid, match=r"lookup\.by"):
        PlatformApi(PROFILE.model_copy(update={"api": API.model_copy(update={"lookup": lookup})}), "t")


def test_a_profile_without_an_interface_cannot_be_called():
    with pytest.raises(ConfigurationInvalid, match=r"there is no \[api\]"):
        PlatformApi(PROFILE.model_copy(update={"api": None}), "t")


def test_nothing_is_signed_with_nothing():
    with pytest.raises(SecretMissing, match="platform_token"):
        PlatformApi(PROFILE, "")
