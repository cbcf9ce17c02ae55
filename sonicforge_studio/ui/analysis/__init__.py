"""A track over time: lanes that share one axis, and what is said about it."""
