"""The registry's memory: nights taken back, the registry computed again and proved, other rules tried out."""
