"""`vensor`: the flows from a terminal."""
