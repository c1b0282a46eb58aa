"""What nbgrader's commands say on a terminal: names and messages of students' without commands."""

import copy
import logging

from tornado.log import LogFormatter

from grading.intake.texts import clean


class CleanFormatter(LogFormatter):
    """Formats as nbgrader does; what a record quotes cannot steer the terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """Return a record's line or lines."""
        cleaned = copy.copy(record)
        cleaned.msg, cleaned.args = clean(record.getMessage()), None
        if record.exc_info:
            cleaned.exc_text = clean(self.formatException(record.exc_info))
        return super().format(cleaned)
