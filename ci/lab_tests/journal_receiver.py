"""Listens where journald does, and appends each entry to a file as JSON. usage: journal_receiver.py FILE"""
import json
import os
import socket
import struct
import sys

PLACE = "/run/systemd/journal/socket"


def fields_of(entry):
    """The journal's native protocol: NAME=value, or for values with newlines NAME, a length, and the bytes."""
    fields = {}
    while entry:
        line, _, rest = entry.partition(b"\n")
        name, equals, value = line.partition(b"=")
        if not equals:
            (size,) = struct.unpack("<Q", rest[:8])
            value, rest = rest[8 : 8 + size], rest[9 + size :]
        fields[name.decode()] = value.decode(errors="replace")
        entry = rest
    return fields


os.makedirs(os.path.dirname(PLACE), exist_ok=True)
listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind(PLACE)
with open(sys.argv[1], "a", encoding="utf-8") as file:
    while True:
        file.write(json.dumps(fields_of(listener.recv(1 << 20))) + "\n")
        file.flush()
