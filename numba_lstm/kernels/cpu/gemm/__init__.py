"""Matrix products with packed weights: layouts, packing, register tiles and the loops around them."""
