"""What hidden tests import: stand-ins for arguments that are not plain data."""

from grading.inside.standins import *  # noqa: F403 - the public face of `grading.inside.standins`
