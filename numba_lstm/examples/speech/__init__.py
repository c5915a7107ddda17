"""Examples with speech: voice activity, speakers, pronunciation."""
