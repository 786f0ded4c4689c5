"""All input and output of the bridge: connections, calls, the loop."""
