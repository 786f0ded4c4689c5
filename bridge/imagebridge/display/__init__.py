"""How results and runs show themselves: as HTML for a notebook, an e-mail or a page of their own."""
