"""The general algorithm: one launch or a few for each step; it takes every option."""
