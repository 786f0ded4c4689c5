"""From rows to Vega-Lite to PNG: what the charts stand on."""
