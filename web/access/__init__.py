"""Who may do what: accounts, sessions, roles and partners' keys."""
