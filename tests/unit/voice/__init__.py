"""What voice decides, without any I/O."""
