#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real Exim in a folder of its own: package unpacked beside the build, own spool, a high port, nothing installed.

    exim.py --package DIR --folder DIR --port PORT --deliver [--tls CERT KEY [--wrapped]] [--auth USER PASS]

The same words as postfix.py. Runs in the foreground until it is told to stop (SIGTERM or end of standard input) and prints
"ready" once it takes connections. Every message lands as one maildir file in FOLDER/mail/new. --auth: mail only after
STARTTLS + AUTH. Needs root (Exim becomes its own user) and the user and group Debian-exim.
"""
import argparse
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time

CONFIG = """
primary_hostname = peer.example
spool_directory = %(folder)s/spool
log_file_path = %(folder)s/log/%%slog
pid_file_path = %(folder)s/exim.pid
local_interfaces = 127.0.0.1
daemon_smtp_ports = %(port)d
deliver_drop_privilege
never_users =
trusted_users = root
host_lookup =
rfc1413_query_timeout = 0s
smtp_enforce_sync = true
smtp_accept_max = 0
smtp_accept_max_per_connection = 0
smtp_accept_queue_per_connection = 0
message_size_limit = 0
keep_environment =
accept_8bitmime = true
queue_only = false
bounce_return_body = false
acl_smtp_rcpt = acl_rcpt
acl_smtp_data = acl_data
%(tls)s
begin acl
acl_rcpt:
%(demand)s  accept
acl_data:
  accept

begin routers
all:
  driver = accept
  transport = maildir

begin transports
maildir:
  driver = appendfile
  directory = %(folder)s/mail
  maildir_format
  create_directory
  user = Debian-exim
  group = Debian-exim
  message_prefix =
  message_suffix =
  check_string =
  escape_string =

begin retry
* * F,1h,1s

%(auth)s
"""

AUTH = """begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_advertise_condition = ${if def:tls_in_cipher}
  server_prompts = :
  server_condition = ${if and{{eq{$auth2}{%(user)s}}{eq{$auth3}{%(password)s}}}}
  server_set_id = $auth2
login:
  driver = plaintext
  public_name = LOGIN
  server_advertise_condition = ${if def:tls_in_cipher}
  server_prompts = "Username:: : Password::"
  server_condition = ${if and{{eq{$auth1}{%(user)s}}{eq{$auth2}{%(password)s}}}}
  server_set_id = $auth1
"""


def prepare(a, folder):
    owner = pwd.getpwnam("Debian-exim")
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("", "spool", "log", "mail"):
        path = os.path.join(folder, name)
        os.makedirs(path, exist_ok=True)
        os.chmod(path, 0o755)
        if name:
            os.chown(path, owner.pw_uid, owner.pw_gid)
    tls = ""
    if a.tls:
        copies = []
        for source, name in zip(a.tls, ("cert.pem", "key.pem")):  # Exim's own user must read them
            copy = os.path.join(folder, name)
            shutil.copy(source, copy)
            os.chown(copy, owner.pw_uid, owner.pw_gid)
            os.chmod(copy, 0o600)
            copies.append(copy)
        tls = "tls_advertise_hosts = *\ntls_certificate = %s\ntls_privatekey = %s\n" % tuple(copies)
        if a.wrapped:
            tls += "tls_on_connect_ports = %d\n" % a.port
    else:
        tls = "tls_advertise_hosts =\n"
    config = os.path.join(folder, "exim.conf")
    with open(config, "w") as f:
        f.write(CONFIG % {
            "folder": folder, "port": a.port, "tls": tls,
            "demand": "  deny !authenticated = *\n       message = sign in first\n" if a.auth else "",
            "auth": AUTH % {"user": a.auth[0], "password": a.auth[1]} if a.auth else ""})
    os.chmod(config, 0o644)
    return config


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--package", required=True)
    p.add_argument("--folder", required=True)
    p.add_argument("--port", type=int, required=True)
    p.add_argument("--deliver", action="store_true")
    p.add_argument("--tls", nargs=2)
    p.add_argument("--wrapped", action="store_true")
    p.add_argument("--auth", nargs=2)
    a = p.parse_args()
    folder = os.path.abspath(a.folder)
    config = prepare(a, folder)
    program = os.path.join(os.path.abspath(a.package), "usr/sbin/exim4")
    daemon = subprocess.Popen([program, "-C", config, "-bdf", "-q1m"], stdin=subprocess.DEVNULL)

    def stop(*_):
        if daemon.poll() is None:
            daemon.terminate()
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", a.port), 0.5).close()
            os.write(1, b"\nready\n")
            break
        except OSError:
            if daemon.poll() is not None:
                print("exim: ended with %d; see %s" % (daemon.returncode, folder), file=sys.stderr)
                return 1
            time.sleep(0.05)
    # Whoever started us keeps our standard input open; when it ends, so do we (no stray Exim after a crashed test).
    if not sys.stdin.isatty():
        try:
            while daemon.poll() is None and sys.stdin.buffer.read(4096):
                pass
        except (OSError, ValueError):
            pass
        stop()
    daemon.wait()
    for name in ("mainlog", "paniclog"):
        path = os.path.join(folder, "log", name)
        if os.path.exists(path):
            with open(path, errors="replace") as f:
                sys.stdout.write(f.read())
    return 0


if __name__ == "__main__":
    sys.exit(main())
