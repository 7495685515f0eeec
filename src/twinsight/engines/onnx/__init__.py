"""Models that users bring: one card each, and for each kind of output one small decoder."""
