"""Writers of the sample's tables and workbooks."""
