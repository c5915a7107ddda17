"""Matrix products with packed weights: memory layouts, packing, register tiles, and the loops around them."""
