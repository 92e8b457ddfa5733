"""An OpenAI-compatible server on the far side of a socket: deterministic answers."""
