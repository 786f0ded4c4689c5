"""The places that tools read and write: folders, the web and the store of pictures."""
