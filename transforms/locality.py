"""What people around a bureau mean without saying it: its county's divisions, its telephones' area code."""

from dataclasses import dataclass
from typing import Self

from schemas.configuration import Configuration
from transforms.addresses import AddressBook
from transforms.divisions import DivisionTable

__all__ = ["Locality"]


@dataclass(frozen=True, slots=True)
class Locality:
    """Divisions and addresses as the bureau's county means them, and the area codes of telephones there."""

    divisions: DivisionTable
    addresses: AddressBook
    area_codes: tuple[str, ...] = ()

    @classmethod
    def of(cls, configuration: Configuration) -> Self:
        """The surroundings of a bureau, from its configuration."""
        divisions = DivisionTable(configuration.divisions, configuration.bureau.county)
        return cls(divisions, AddressBook(divisions), configuration.bureau.area_codes)

    @classmethod
    def anywhere(cls) -> Self:
        """No surroundings, for tables without places and telephones."""
        divisions = DivisionTable(())
        return cls(divisions, AddressBook(divisions))
