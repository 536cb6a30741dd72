"""What was found in a portrait, drawn for people."""
