"""Clean nbgrader's log: names and messages of students must not control the terminal."""

import copy
import logging

from tornado.log import LogFormatter

from grading.intake.texts import clean


class CleanFormatter(LogFormatter):
    """Formats as nbgrader does, but text that a record quotes cannot control the terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the text of a record, which may have several lines."""
        cleaned = copy.copy(record)
        cleaned.msg, cleaned.args = clean(record.getMessage()), None
        if record.exc_info:
            cleaned.exc_text = clean(self.formatException(record.exc_info))
        return super().format(cleaned)
