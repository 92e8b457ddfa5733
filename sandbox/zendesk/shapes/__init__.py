"""The world's records in the shapes of Zendesk's documentation."""
