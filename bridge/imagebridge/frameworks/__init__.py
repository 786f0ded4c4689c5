"""One module for each framework, which imports the framework at its top: import the one that you use."""
