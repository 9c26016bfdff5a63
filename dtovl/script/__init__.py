"""Steps on a live tree, one after the other: recorded cases and those that users write."""
