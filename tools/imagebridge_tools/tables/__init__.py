"""Tables of data: read from text, files and workbooks, their columns understood."""
