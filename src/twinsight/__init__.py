"""Twinsight: Gemini's image-understanding API, answered by open models on your own machine."""

__version__ = "0.1.0"
