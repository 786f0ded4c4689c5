"""Documents as text: the content of pages, slides, sheets and chapters in Markdown, with their figures."""
