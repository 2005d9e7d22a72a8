"""What searches by name share."""

# Counting stops one above what is said exactly: a common word would cost a scan.
SEARCH_COUNT_EXACT = 1000
SEARCH_COUNT_LIMIT = SEARCH_COUNT_EXACT + 1
