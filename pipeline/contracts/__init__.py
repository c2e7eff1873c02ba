"""What the exports promise, read from the models' YAML: columns, versions, business rules, and their pages."""
