"""Tables of data: read from text, files and workbooks, with their columns interpreted."""
