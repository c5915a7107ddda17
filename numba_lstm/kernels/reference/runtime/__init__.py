"""How calls run: one after another."""
