"""Documents as text: what a page, a slide, a sheet or a chapter says, in Markdown, and the figures in it."""
