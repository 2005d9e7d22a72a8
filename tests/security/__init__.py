"""What a hostile client may send, and the scans of `make security`."""
