"""Everything that depends on Dagster or on the order of the steps. The steps themselves are implemented below."""
