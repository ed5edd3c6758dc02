"""What changed, from stacks of looks: the question, its pixels, the answer on a grid, the record, the export."""
