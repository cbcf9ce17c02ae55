"""The small parts that the panels are made of."""
