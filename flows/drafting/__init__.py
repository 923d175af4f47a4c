"""Configuration made from samples: sources drafted and tried, headers learnt, division tables, blank forms."""
