"""nbval reads what a cell has sent only when the cell has ended; until then all of it must wait."""

import zmq
from jupyter_client.connect import ConnectionFileMixin

_connected = ConnectionFileMixin._create_connected_socket


def _unbounded(self, *args, **options):
    """Connect without a bound on waiting messages.

    A training bar sends more than the thousand that fit. Then the connection stands still, and
    takes up to minutes to come back, longer than nbval waits for the end of the cell.
    """
    self.context.sockopts[zmq.RCVHWM] = 0
    return _connected(self, *args, **options)


ConnectionFileMixin._create_connected_socket = _unbounded
