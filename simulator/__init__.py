"""Stand-ins for the outside world that people train on and tests use: the offices that deliver lists, and the provincial platform."""
