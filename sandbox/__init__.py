"""A Zendesk, a Slack and an OpenAI-compatible server on loopback, and the story they tell.

The package is the far side of a socket: it imports nothing of the pipeline that
reads it, and a stranger's connector can be pointed at it as well.
"""
