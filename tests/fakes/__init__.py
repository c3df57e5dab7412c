"""Stand-ins with state that a test can read."""
