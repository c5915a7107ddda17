"""Examples of audio effects."""
