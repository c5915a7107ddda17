"""Models: what a user builds, calls, trains, streams, saves and copies as one."""

from .sequential import Sequential, load_model

__all__ = ["Sequential", "load_model"]
