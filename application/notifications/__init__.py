"""Mails: which facts lead to one, what it says, when it is tried again."""
