"""QPS-SAR."""
