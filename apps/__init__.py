"""What people and machines talk to."""
