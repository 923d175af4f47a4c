"""The platform's exchange table (前置库): changes are laid in it as rows, and what became of them is read out of it."""
