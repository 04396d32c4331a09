"""Documents about a sweep in Markdown, generated from its tables: one page for each reader."""
