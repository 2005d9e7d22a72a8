"""Change sets: what each request changed."""
