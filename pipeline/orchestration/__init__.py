"""All that knows Dagster or the order of the steps. What a step does is in the rooms below."""
