"""What a night came to, for people: summary, site of reports, scorecard, rules, lists that leave as files."""
