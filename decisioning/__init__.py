"""The functional core: values in, values out. No framework, no clock, no environment."""
