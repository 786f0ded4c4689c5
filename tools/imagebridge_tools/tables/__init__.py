"""Reads tables of data from text, files and workbooks, and interprets their columns."""
