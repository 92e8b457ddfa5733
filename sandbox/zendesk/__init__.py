"""Zendesk's API on the far side of a socket."""
