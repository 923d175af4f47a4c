"""How an installation stands: cards, the bill, the page, messages, the watchdog, the doctor."""
