"""Tables and workbooks as the sample writes them."""
