"""Bytes in, upright RGB picture out; sizes and tokens from the header alone."""
