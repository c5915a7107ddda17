"""Algorithms that run all steps in one launch: by one block, or by a cooperative grid."""
