"""Array ops: copies and elementwise arithmetic on the device."""
