"""Plans: the tasks of a function, recorded once and run many times; and streams."""
