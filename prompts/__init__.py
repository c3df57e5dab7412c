"""Prompt texts and the loader that renders them strictly."""

from prompts.loader import Prompt, PromptError, digest_of, fenced, load, names

__all__ = ["Prompt", "PromptError", "digest_of", "fenced", "load", "names"]
