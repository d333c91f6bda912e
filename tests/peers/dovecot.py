#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real Dovecot in a folder of its own, speaking LMTP on a socket: packages unpacked beside the build, nothing installed.

    dovecot.py --packages DIR --folder DIR

DIR holds dovecot-core and dovecot-lmtpd as unpacked. Runs in the foreground until it is told to stop (SIGTERM or end of standard
input) and prints "ready" once FOLDER/lmtp takes connections. Users: ann, bob (whose folder can't be written), and nobody else; mail of
USER lands in FOLDER/mail/USER/Maildir/new. Needs root, as Dovecot's master does, and a
mount namespace.
"""
import argparse
import grp
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time

CONFIG = """
protocols = lmtp
base_dir = {folder}/run
state_dir = {folder}/run
log_path = /dev/stderr
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
ssl = no
first_valid_uid = 1
first_valid_gid = 1
listen = 127.0.0.1
mail_location = maildir:~/Maildir
userdb {{
  driver = passwd-file
  args = {folder}/users
}}
passdb {{
  driver = passwd-file
  args = {folder}/users
}}
service lmtp {{
  unix_listener {folder}/lmtp {{
    mode = 0600
  }}
}}
protocol lmtp {{
  postmaster_address = postmaster@dovecot.example
  auth_username_format = %n
}}
"""


def prepare(a):
    folder = os.path.abspath(a.folder)
    core = os.path.abspath(os.path.join(a.packages, "dovecot-core"))
    lmtpd = os.path.abspath(os.path.join(a.packages, "dovecot-lmtpd"))
    owner = pwd.getpwnam("nobody")
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("run", "mail/ann", "mail/bob"):
        os.makedirs(os.path.join(folder, name))
    os.chmod(folder, 0o755)
    os.chown(os.path.join(folder, "mail/ann"), owner.pw_uid, owner.pw_gid)
    os.chmod(os.path.join(folder, "mail/bob"), 0o700)  # root's: Dovecot can't store there
    with open(os.path.join(folder, "users"), "w") as f:
        for user in ("ann", "bob"):
            f.write("%s:{plain}x:%d:%d::%s/mail/%s\n" % (user, owner.pw_uid, owner.pw_gid, folder, user))
    with open(os.path.join(folder, "dovecot.conf"), "w") as f:
        group = grp.getgrgid(owner.pw_gid).gr_name
        f.write(CONFIG.format(folder=folder, user="nobody", group=group))
    run = "exec dovecot -F -c %s/dovecot.conf" % folder
    if not os.path.isdir(core):  # another distribution: as installed
        return folder, ["sh", "-c", run]
    # Its programs look for one another where the packages would put them. In a mount namespace of its own they are there: both
    # packages laid over /usr, for this process and its children only.
    lay = "mount -t overlay overlay -o lowerdir=%s/usr:%s/usr:/usr /usr && " % (core, lmtpd)
    return folder, ["unshare", "--mount", "sh", "-c", lay + run]


def greets(path):
    try:
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(5)
            s.connect(path)
            return s.recv(100).startswith(b"220 ")
    except OSError:
        return False


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--packages", required=True)
    parser.add_argument("--folder", required=True)
    folder, command = prepare(parser.parse_args())
    master = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        for _ in range(300):
            if master.poll() is not None:
                sys.exit("dovecot ended with %d" % master.returncode)
            if greets(os.path.join(folder, "lmtp")):
                break
            time.sleep(0.1)
        else:
            sys.exit("dovecot does not answer")
        print("\nready", flush=True)
        sys.stdin.read()
    finally:
        master.terminate()
        try:
            master.wait(10)
        except subprocess.TimeoutExpired:
            master.kill()


if __name__ == "__main__":
    main()
