"""Metric tables: dbt, run for one organization at a time."""
