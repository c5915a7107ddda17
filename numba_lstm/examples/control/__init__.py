"""Examples with measured motion and control: exercises recognised while they run, a pendulum that a learned model steers."""
