"""From rows to Vega-Lite to PNG: the modules behind charts."""
