"""The functional core: values in, values out. No framework, no clock, no environment."""

VERSION = "0.1.0"
"""The version of Credence, stored with every decision; the package metadata says the same (tested)."""
