#!/usr/bin/env python3
"""Makes a migration a row of C: embed.py IN OUT -> {number, name, SHA-256, SQL},"""
import hashlib
import pathlib
import sys

source, out = map(pathlib.Path, sys.argv[1:])
sql = source.read_bytes()
number = int(source.name.split("-")[0])
digest = ",".join(str(octet) for octet in hashlib.sha256(sql).digest())
text = ",".join(str(octet) for octet in sql + b"\0")
out.write_text(f'{{{number}, "{source.stem}", {{{digest}}}, (const char[]){{{text}}}}},\n')
