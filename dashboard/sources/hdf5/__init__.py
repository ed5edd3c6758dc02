"""HDF5, opened so that it names nothing else."""
