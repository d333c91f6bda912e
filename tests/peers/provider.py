#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A provider to try Postern with: a real Postfix on loopback that wants STARTTLS and a sign-in, and keeps what it gets.

    provider.py --package DIR --folder DIR

Prints the two files of the README's "Send through my provider", filled in for it; runs until Ctrl-C.
"""
import argparse
import os
import socket
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def openssl(*arguments, folder):
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--package", required=True)
    p.add_argument("--folder", required=True)
    a = p.parse_args()
    certs = os.path.abspath(os.path.join(a.folder, "certs"))
    os.makedirs(certs, exist_ok=True)
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj",
            "/CN=Postern trial authority", "-keyout", "ca.key", "-out", "ca.pem", folder=certs)
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost", "-keyout",
            "server.key", "-out", "server.csr", folder=certs)
    with open(os.path.join(certs, "names"), "w") as f:
        f.write("subjectAltName=DNS:localhost\n")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "30",
            "-extfile", "names", "-out", "server.pem", folder=certs)
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    peer = os.path.abspath(os.path.join(a.folder, "postfix"))
    print("""
smtpd.conf:

    ca trial cert "%s/ca.pem"
    table secrets file:secrets
    listen on 127.0.0.1 port 2525    # This computer
    action "provider" relay host smtp+tls://office@localhost:%d auth <secrets> ca trial
    match from local for any action "provider"

secrets (chmod 600):

    office carol:the-password

What arrives lies in %s/mail/new. Ctrl-C ends it.
""" % (certs, port, peer), flush=True)
    return subprocess.call([sys.executable, os.path.join(HERE, "postfix.py"), "--package", a.package, "--folder", peer,
                            "--port", str(port), "--deliver", "--tls", os.path.join(certs, "server.pem"),
                            os.path.join(certs, "server.key"), "--auth", "carol", "the-password"])


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(0)
