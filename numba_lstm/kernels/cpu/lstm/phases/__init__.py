"""Phases of the time loops: functions that the loops inline, and the named tuples that the loops hand to them."""
