"""The content sent so far: the pictures and texts of a conversation, and its budgets."""
