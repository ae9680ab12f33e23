"""Who may use Daybook: people and worker nodes, their roles, and their sessions."""
