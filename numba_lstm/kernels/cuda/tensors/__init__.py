"""Arrays of any rank: views, their kernels, and the ops of them."""
