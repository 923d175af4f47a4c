"""How often what goes wrong in made-up lists: one table, each rate drawn for itself.

A rate is a share of rows unless its line says otherwise. ``measured`` means that it was published or counted; ``supposed``
that nobody has published it and that it was set where people who work with such lists expect it, on the bad side.
"""

from dataclasses import dataclass

__all__ = ["Rates"]


@dataclass(frozen=True, slots=True)
class Rates:
    """Shares of rows, people or lists that are not as they should be."""

    # Families, shares of people. Supposed, but for twins: about one birth in ninety, and both past sixty and in one village.
    spouse: float = 0.22  # the second of a couple
    sibling: float = 0.06
    child: float = 0.05  # of somebody on the lists, and past sixty as well
    twin: float = 0.003
    near_spouse: float = 0.01  # of spouses: birth dates one digit apart, the order of the number too
    single_given: float = (
        0.12  # names of two characters; measured (names report of 2020: a tenth to a fifth of the old)
    )
    generation_name: float = 0.5  # of men: their generation's character first; supposed for Hakka villages
    dotted_name: float = 0.0005
    namesake: float = 0.002  # name of another man of the village given to a second one, besides those that chance makes
    coincidence: float = 0.00005  # name and birth date of somebody elsewhere, besides those that chance makes

    # Numbers of people. Measured: more than 20 million of 1.3 thousand million corrected since 1999 (1.5 %), of which old
    # lists keep the former for one in five (supposed); 1.68 million people shared a number in 2009, a tenth of it is left here.
    corrected: float = 0.003
    issued_twice: float = 0.0001

    # Writing of numbers. Supposed: typing studies count 0.5 to 1 wrong characters of a hundred fields of digits.
    one_digit: float = 0.006
    two_digits: float = 0.001
    transposed: float = 0.002
    fitted_by_clerk: float = 0.0003  # wrong in one or two digits and the check character made to fit
    fifteen_digits: float = 0.01
    lost_digit: float = 0.001
    doubled_digit: float = 0.0005
    missing_number: float = 0.004
    other_line: float = 0.0002  # the number of the next line
    twins_number: float = 0.02  # of twins' rows: the number of the other
    damaged_list: float = 0.006  # of lists (a source's of a village): saved as numbers by a spreadsheet
    damaged_number: float = 0.001  # single cells

    # Writing of names. Supposed; homophones first, since names are written down by ear.
    homophone: float = 0.008
    hakka_homophone: float = 0.001  # alike in Hakka only
    look_alike: float = 0.004
    traditional: float = 0.003
    lost_character: float = 0.0015
    other_character: float = 0.001
    swapped_characters: float = 0.0005
    other_name: float = 0.001  # a by-name, or the name before it was changed
    wrong_sex: float = 0.001

    # Telephones and places. Supposed.
    shared_phone: float = 0.3  # of those with family on the lists
    old_phone: float = 0.1
    missing_phone: float = 0.25
    wrong_phone: float = 0.005
    missing_village: float = 0.04
    other_spelling: float = 0.12  # of villages, and then known by their town only
    moved: float = 0.12  # of people: live in another village

    repeated: float = 0.008  # rows that a list has twice, written anew
