"""What another policy would have done with the reports in the ledger, before it is in force."""
