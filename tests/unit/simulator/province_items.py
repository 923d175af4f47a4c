"""Items for the stand-in platform about made-up people, and a ledger that takes them."""

from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

from schemas.idnumber import check_character
from schemas.platform_profile import load_profile
from simulator.province.acceptance import Acceptance
from simulator.province.behaviour import Behaviour, Endpoint
from simulator.province.item_rules import ItemRules
from simulator.province.items import item
from simulator.province.ledger import Ledger
from simulator.province.ledger_view import Seen

PROFILE = load_profile(Path(__file__).parents[3] / "config/platform/example.toml")
_OPERATIONS = {"new": "新增", "changed": "变更", "withdrawn": "退出"}


def id_number_of(person):
    born = date(1930, 1, 1) + timedelta(days=person)
    first17 = f"441421{born:%Y%m%d}002"
    return first17 + check_character(first17)


def item_of(person=1, revision=1, operation="new", *, key=None, fields=None, **more):
    """An item with what the example profile requires; ``more`` fields by header, or other ``fields`` altogether."""
    if fields is None:
        fields = {
            "操作类型": _OPERATIONS[operation], "人员编号": str(person), "姓名": "测试甲", "性别": "1",
            "证件号码": id_number_of(person), "人员类型": "8,17",
        } | more  # fmt: skip
    return item(key or f"{person}-{revision}", str(person), revision, operation, fields)


class Desk:
    """An acceptance over a real ledger, with a hand on its clock."""

    def __init__(self, ledger, behaviour):
        self.ledger, self.now = ledger, 1_700_000_000.0
        self.acceptance = Acceptance(ledger, ItemRules(PROFILE), behaviour)

    def take(self, *items, endpoint=None, **how):
        """The answers to a batch, as (status, code) by key."""
        self.acceptance.settle_due(self.now)
        is_leaving = {item.operation for item in items} == {"withdrawn"}
        endpoint = endpoint or (Endpoint.WITHDRAW if is_leaving else Endpoint.UPSERT)
        taken, _ = self.acceptance.take(items, endpoint, Seen(self.now, endpoint, "b-1", "", len(items)), **how)
        return [(answer.status, answer.code) for answer in taken.answers]

    def settle(self):
        self.acceptance.settle_due(self.now)

    @property
    def happened(self):
        """The effects, as (person, revision)."""
        return [(int(effect.person), effect.revision) for effect in self.ledger.view.effects()]

    @property
    def held(self):
        """Revision and presence of everyone held."""
        state = self.ledger.view.state()
        return {int(person): (holding.revision, holding.is_present) for person, holding in state.items()}


@contextmanager
def desk(folder, **behaviour):
    with Ledger(folder / "ledger.sqlite") as ledger:
        yield Desk(ledger, Behaviour(**behaviour))
