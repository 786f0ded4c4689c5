"""A module for each framework, which imports it at the top: take the one that you use."""
