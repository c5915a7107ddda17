"""Losses, metrics, gradient clipping and optimizer updates."""
