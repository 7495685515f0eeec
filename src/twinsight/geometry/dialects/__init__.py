"""What models write of places, each family in its own way, read by one pure parser each."""
