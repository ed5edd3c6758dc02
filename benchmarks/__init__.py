"""One script per promise, each printing its figure, the promised limit and a peer measured in the same run."""
