"""Receives one message with descriptors on descriptor 3, and says as JSON what came: the payload, and what is
readable through each descriptor."""

import array
import json
import os
import socket

with socket.socket(fileno=3) as connection:
    descriptors = array.array("i")
    payload, ancillary, _, _ = connection.recvmsg(65_536, socket.CMSG_SPACE(253 * descriptors.itemsize))
    for level, kind, data in ancillary:
        assert (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS)
        descriptors.frombytes(data)
    contents = [os.pread(descriptor, 100, 0).decode() for descriptor in descriptors]
    print(json.dumps({"payload": payload.decode(), "contents": contents}))
