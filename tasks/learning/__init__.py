"""What people decided and what recipients answered, beside what a policy said."""
