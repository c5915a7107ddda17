"""Examples with text: a language model, dates, and the networks from one sequence to another."""
