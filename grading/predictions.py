"""What hidden tests import: points for predictions, by what they achieve."""

from grading.judging.predictions import share_of_points

__all__ = ["share_of_points"]
