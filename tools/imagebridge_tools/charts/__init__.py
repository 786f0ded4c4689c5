"""The modules that turn rows into a Vega-Lite spec and the spec into a PNG."""
