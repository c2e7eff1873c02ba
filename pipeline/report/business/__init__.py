"""The business page of a drop, for decision makers. All its figures are in the drop."""
