"""Slack's Web API on the far side of a socket."""
