"""What people are told: mails that follow from facts of other contexts."""
