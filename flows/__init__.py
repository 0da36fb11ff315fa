"""The DAGs: one file is one stage, and a flow only orders."""
