"""Array ops: views, copies and elementwise arithmetic."""
