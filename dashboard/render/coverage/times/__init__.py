"""When ground was looked at: kernels that meet every look of every pixel."""
