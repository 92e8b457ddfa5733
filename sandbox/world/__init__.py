"""The world that the servers show: a pure function of (seed, account, ticket number)."""
