"""What the project exists for, measured as a ratio to its limit. Never timed in a test."""
