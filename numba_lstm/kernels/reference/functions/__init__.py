"""Elementary functions, their slopes, and dual numbers."""
