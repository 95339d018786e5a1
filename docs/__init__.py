"""The manual, and what makes its generated pages."""
