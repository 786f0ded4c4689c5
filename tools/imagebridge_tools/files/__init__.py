"""Where tools read and write: folders, the web, the store of pictures."""
