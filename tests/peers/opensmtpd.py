#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real OpenSMTPD in a folder of its own: package unpacked beside the build, own queue, high port, nothing installed.

    opensmtpd.py --package DIR --folder DIR --port PORT --relay-to HOST:PORT [--resolver ADDRESS]

Runs in the foreground until it is told to stop (SIGTERM or end of standard input) and prints "ready" once it takes connections.
The program has its places compiled in, so it gets a mount namespace in which they are ours: queue, control socket, empty root
folder, and lists of users with the two that it wants. It looks up every client's reverse name and stalls without a name server
that answers: --resolver is written to its resolv.conf (default: what this computer has).
Needs root.
"""
import argparse
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

UIDS = {"opensmtpd": 61321, "opensmtpq": 61322}


def bind(source, target):
    subprocess.run(["mount", "--bind", source, target], check=True)


def prepare(a):
    folder = os.path.abspath(a.folder)
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("spool/smtpd", "run", "lib"):
        os.makedirs(os.path.join(folder, name))
    os.chmod(folder, 0o755)
    os.chmod(os.path.join(folder, "spool/smtpd"), 0o711)
    os.makedirs(os.path.join(folder, "lib", "opensmtpd", "empty"))
    for name in ("passwd", "group"):
        with open("/etc/" + name) as f:
            text = f.read().rstrip("\n") + "\n"
        for user, number in UIDS.items():
            text += ("%s:x:%d:%d::/nonexistent:/usr/sbin/nologin\n" % (user, number, number) if name == "passwd"
                     else "%s:x:%d:\n" % (user, number))
        with open(os.path.join(folder, name), "w") as f:
            f.write(text)
    bind(os.path.join(folder, "spool"), "/var/spool")
    bind(os.path.join(folder, "run"), "/run")
    bind(os.path.join(folder, "lib"), "/var/lib")
    for name in ("passwd", "group"):
        bind(os.path.join(folder, name), "/etc/" + name)
    if a.resolver:
        with open(os.path.join(folder, "resolv.conf"), "w") as f:
            f.write("nameserver %s\noptions timeout:1 attempts:1\n" % a.resolver)
        bind(os.path.join(folder, "resolv.conf"), "/etc/resolv.conf")
    config = os.path.join(folder, "smtpd.conf")
    with open(config, "w") as f:
        f.write('listen on 127.0.0.1 port %d hostname peer.example\naction "out" relay host smtp://%s\n'
                'match from any for any action "out"\n' % (a.port, a.relay_to))
    os.chmod(config, 0o644)
    return config


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--package", required=True)
    p.add_argument("--folder", required=True)
    p.add_argument("--port", type=int, required=True)
    p.add_argument("--relay-to", required=True)
    p.add_argument("--resolver")
    p.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    a = p.parse_args()
    if not a.inside:
        os.execvp("unshare", ["unshare", "--mount", "--propagation", "private", sys.executable, os.path.abspath(__file__), "--inside"]
                  + sys.argv[1:])
    config = prepare(a)
    program = os.path.join(os.path.abspath(a.package), "usr/sbin/smtpd")
    server = subprocess.Popen([program, "-d", "-f", config], stdin=subprocess.DEVNULL, stdout=sys.stderr, stderr=sys.stderr,
                              start_new_session=True)

    def stop(*_):
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
        sys.exit(0)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    end = time.monotonic() + 20
    while time.monotonic() < end and server.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", a.port), 5) as s:
                if s.recv(100).startswith(b"220"):
                    print("ready", flush=True)
                    break
        except OSError:
            time.sleep(0.05)
    else:
        print("OpenSMTPD did not start", file=sys.stderr)
        stop()
    sys.stdin.read()
    stop()


if __name__ == "__main__":
    main()
