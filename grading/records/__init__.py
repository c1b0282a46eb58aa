"""What is kept of grading: receipts, the gradebook, reports, and exports to learning platforms."""
