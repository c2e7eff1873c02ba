"""The Dagster assets, thin: each names what it makes and calls the modules beside this package."""
