"""Media: every part of a received message, archived under the hash of its content."""
