"""What an auditor may see."""
