"""Plans: none, of models and of streams."""
