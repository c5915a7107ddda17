"""The ops of layers."""
