#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A socketmap server as OpenSMTPD's table-socketmap knows it: SOCKET FILE; FILE holds lines "TABLE KEY=VALUE".

Keys that begin with "temp" or "perm" have trouble of that kind; "silence" gets no answer.
"""
import os
import socketserver
import sys

path, file = sys.argv[1:3]


def entries():
    with open(file, "rb") as lines:
        return dict(line.rstrip(b"\n").split(b"=", 1) for line in lines)


class Client(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            question = line.rstrip(b"\n")
            key = question.split(b" ", 1)[1]
            if key.startswith(b"temp"):
                reply = b"TEMP database is away"
            elif key.startswith(b"perm"):
                reply = b"PERM not allowed"
            elif key == b"silence":
                continue
            else:
                value = entries().get(question)
                reply = b"NOTFOUND " if value is None else b"OK " + value
            self.wfile.write(reply + b"\n")


class Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


if os.path.exists(path):
    os.unlink(path)
with Server(path, Client) as server:
    print("ready", flush=True)
    server.serve_forever()
