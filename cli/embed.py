#!/usr/bin/env python3
"""Makes a file a row of C: embed.py IN OUT -> {name, text},"""
import pathlib
import sys

source, out = map(pathlib.Path, sys.argv[1:])
text = ",".join(str(octet) for octet in source.read_bytes() + b"\0")
out.write_text(f'{{"{source.stem}", (const char[]){{{text}}}}},\n')
