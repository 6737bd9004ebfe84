"""What runs in the child: everything that opens a document."""
