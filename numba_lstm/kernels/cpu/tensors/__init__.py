"""Arrays of any rank: elementwise formulas, reductions and products, and the ops of them."""
