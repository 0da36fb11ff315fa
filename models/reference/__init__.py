"""Reference models: made on this machine from weights that an installed package ships."""
