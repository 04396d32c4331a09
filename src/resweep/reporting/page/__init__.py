"""What people look at: the HTML report, the figures and the documents of a sweep."""
