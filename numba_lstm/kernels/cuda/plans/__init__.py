"""Plans: the launches of a function, recorded once and made many times; and streams."""
