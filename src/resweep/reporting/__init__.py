"""What people read: an analysis, its figures, documents, the report, the live view."""
