"""Product documents and the search engines behind one protocol."""
