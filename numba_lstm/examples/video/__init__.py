"""Examples with motion: videos of moving digits, gestures of a hand."""
