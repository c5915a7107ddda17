"""Plans and streams."""
