"""The arithmetic: one contract, and a package of ops for every device that keeps it."""
