"""The exports' contracts, read from the models' YAML: columns, versions, business rules, and generated pages."""
