"""The edge: the composition root, the adapters and the HTTP face of Credence."""

__version__ = "0.1.0"
