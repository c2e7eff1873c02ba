"""The business page of a drop: for people who decide. Its figures are the drop's own."""
