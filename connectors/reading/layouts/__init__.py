"""Lists as they are laid out by hand: which sheets and blocks, which header, which rows are records."""
