"""What is kept, and how: one module a capability, with all of its SQL."""
