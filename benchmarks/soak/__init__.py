"""Months of a desk's life in minutes: what grows that should not, and what stays that should go."""
