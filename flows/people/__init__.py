"""Whose statements are whose: the stage that makes one record of a person, the questions it asks, and what people decide."""
