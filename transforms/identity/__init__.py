"""Who is who: forms of names and numbers, candidates by blocks and scores, cases, links.

Tables in, tables out. What is certain (one valid number, one person) is settled in ``transforms.between``; here only
questions arise, and nothing is merged.
"""
