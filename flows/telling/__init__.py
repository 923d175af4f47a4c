"""What the platform hears: plans, brakes, the push by every target, receipts, and both sides compared."""
