"""The operating system: locks across forks, and checks that a file can be written."""
