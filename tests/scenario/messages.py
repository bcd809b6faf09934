"""Messages between processes as bytes (src/ipc/ipc.h), read from the table itself: what a process
that was taken over could send."""

import re
import struct

import lab

_TABLE = (lab.SOURCE / "src/ipc/include/ipc/messages.def").read_text().replace("\\\n", " ")
_FIELDS = dict(re.findall(r"#define FIELDS_(\w+)\(F\)([^\n]*)", _TABLE))
# name -> (number, from, to)
TYPES = {name: (int(number), sender, receiver) for number, name, sender, receiver in re.findall(
    r"^MESSAGE\((\d+), \w+, (\w+), (\w+), (\w+)\)", _TABLE, re.M)}
_PACK = {"u8": ">B", "u32": ">I", "i64": ">q", "u64": ">Q"}


def fields(name):
    """[(kind, field)] of a message, in the order of the wire."""
    found = []
    for nested, kind, field in re.findall(r"FIELDS_(\w+)\(F\)|F\((\w+), (\w+),", _FIELDS[name]):
        found += fields(nested) if nested else [(kind, field)]
    return found


def encode(name, /, **values):
    """One message; fields that are not named are zero or empty."""
    known = {field for _, field in fields(name)}
    assert set(values) <= known, f"{name} has no {set(values) - known}"
    wire = struct.pack(">H", TYPES[name][0])
    for kind, field in fields(name):
        value = values.get(field)
        if kind == "hash":
            wire += value or bytes(32)
        elif kind == "bytes":
            value = value.encode() if isinstance(value, str) else value or b""
            wire += struct.pack(">I", len(value)) + value
        elif kind != "fd":
            wire += struct.pack(_PACK[kind], value or 0)
    return wire


def write_file(path, *messages):
    """A file for TROTH_HOSTILE_SEND."""
    path.write_bytes(b"".join(struct.pack(">I", len(one)) + one for one in messages))
    return path
