"""How results and runs are displayed: as HTML for a notebook, an e-mail or a separate page."""
