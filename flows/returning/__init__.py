"""Findings on their way back to senders and out of the world: workbooks, letters, the register, what officers decide."""
