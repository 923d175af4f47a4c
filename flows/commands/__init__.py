"""What each command of ``eldersync`` takes and prints; what it does is elsewhere, loaded when it is asked for."""
