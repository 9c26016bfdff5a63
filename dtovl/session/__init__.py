"""Sessions: a base and a journal of operations in one file, replayed when it is opened."""
