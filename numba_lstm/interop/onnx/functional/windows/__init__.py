"""Convert nodes with windows of sequences and images, and those that change their lengths."""
