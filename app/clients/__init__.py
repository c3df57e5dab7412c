"""Doors to what runs outside: model APIs, the LLM, the embedding model."""
