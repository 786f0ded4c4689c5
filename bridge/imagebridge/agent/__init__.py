"""All input and output on the model's side: connections, calls, the loop."""
