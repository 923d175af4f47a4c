"""The brake on a source's list inside stage ``take``: measuring what a list would lose, holding its files, and approvals."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from connectors.reading import DeliveryContents
from flows.context import Night
from flows.intake.shrunk_lists import is_list_approved
from registry.runs import deliveries, set_delivery_state
from schemas.configuration import Source
from transforms.brake import Shrinkage, measure_shrinkage
from transforms.columns import texts
from transforms.judge import JudgedRows

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["hold_files", "is_list_of_files_approved", "shrinkage_of"]


def shrinkage_of(
    night: Night, source: Source, current: pa.Table, ended: "NDArray[np.int64]", judged: JudgedRows
) -> Shrinkage | None:
    """What a source would lose with rows that end (as positions) and others that come; ``None`` where absence says nothing."""
    if source.delivers == "incremental" or not len(current):
        return None
    stated = np.asarray(pc.and_(pc.is_valid(current["id_key"]), pc.invert(current["is_held"])).to_numpy(), dtype=bool)
    keys = current["id_key"].fill_null(-1).to_numpy()
    stays = stated.copy()
    stays[ended] = False
    fresh = judged.rows.loc[~judged.rows["is_held"], "id_key"].dropna().to_numpy(dtype=np.int64)
    before = pd.DataFrame({"id_key": keys[stated], "scope": texts(current["scope"])[stated].to_numpy()})
    return measure_shrinkage(before, np.concatenate([keys[stays], fresh]), night.configuration.brake(source.name))


def hold_files(
    night: Night,
    connection: sa.Connection,
    contents: dict[int, DeliveryContents],
    scopes: list[str] | None,
    message: str,
) -> None:
    """Sets deliveries aside under the rules in force; the same bytes are looked at again only under other rules."""
    for delivery_id, content in contents.items():
        main = content.tables["main"]
        detail = {
            "rules": night.configuration.digest, "message": message, "scopes": scopes, "received": main.received,
            "blank": main.blank,
        }  # fmt: skip
        set_delivery_state(connection, [delivery_id], "held", night.run_id, detail)


def is_list_of_files_approved(connection: sa.Connection, source: Source, contents: dict[int, DeliveryContents]) -> bool:
    """Whether two people have approved a list of exactly these files, however many people it loses."""
    files = [known.sha256 for known in deliveries(connection, source.name).values() if known.delivery_id in contents]
    return is_list_approved(connection, source.name, files)
