"""Tables in, tables out: standardise, identify, judge, deduplicate, merge, compare, render. Pure; no clock, no files, no database."""
