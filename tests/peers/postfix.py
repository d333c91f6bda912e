#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real Postfix in a folder of its own: package unpacked beside the build, own queue, high ports, nothing installed.

    postfix.py --package DIR --folder DIR --port PORT [--relay-to HOST:PORT | --deliver] [--tls CERT KEY [--wrapped]] [--auth USER PASS]
               [--set PARAMETER=VALUE ...]

Runs in the foreground until it is told to stop (SIGTERM or end of standard input) and prints "ready" once it takes
connections. --deliver: everything lands as one maildir file each in FOLDER/mail/new. --auth: mail only after STARTTLS + AUTH.
Needs root (Postfix's master does), the user postfix and the group postdrop.
"""
import argparse
import os
import pwd
import grp
import shutil
import signal
import socket
import subprocess
import sys
import time


def write(path, text, mode=0o644):
    with open(path, "w") as f:
        f.write(text)
    os.chmod(path, mode)


def prepare(a):
    package, folder = os.path.abspath(a.package), os.path.abspath(a.folder)
    owner, group = pwd.getpwnam("postfix"), grp.getgrnam("postdrop")
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("etc", "etc/sasl", "data", "queue", "mail"):
        os.makedirs(os.path.join(folder, name))
    # Postfix's own processes must reach the folder whatever the umask of the test was.
    os.chmod(folder, 0o755)
    queue = os.path.join(folder, "queue")
    os.chmod(queue, 0o755)
    for name in ("active bounce corrupt defer deferred flush hold incoming private saved trace").split():
        os.makedirs(os.path.join(queue, name))
        os.chmod(os.path.join(queue, name), 0o700)
        os.chown(os.path.join(queue, name), owner.pw_uid, 0)
    os.makedirs(os.path.join(queue, "pid"))
    for name, mode in (("public", 0o2710), ("maildrop", 0o1730)):
        os.makedirs(os.path.join(queue, name))
        os.chown(os.path.join(queue, name), owner.pw_uid, group.gr_gid)
        os.chmod(os.path.join(queue, name), mode)
    os.chown(os.path.join(folder, "data"), owner.pw_uid, 0)
    os.chown(os.path.join(folder, "mail"), owner.pw_uid, owner.pw_gid)

    daemons = os.path.join(package, "usr/lib/postfix/sbin")
    main = {
        "compatibility_level": "3.6", "queue_directory": queue, "data_directory": os.path.join(folder, "data"),
        "daemon_directory": daemons, "command_directory": os.path.join(package, "usr/sbin"),
        "meta_directory": os.path.join(folder, "etc"), "shlib_directory": os.path.join(package, "usr/lib/postfix"),
        "mail_owner": "postfix", "setgid_group": "postdrop", "myhostname": "peer.example", "mydestination": "",
        "mynetworks": "127.0.0.0/8 [::1]/128", "inet_interfaces": "127.0.0.1", "inet_protocols": "ipv4",
        "alias_maps": "", "alias_database": "", "local_recipient_maps": "", "biff": "no",
        "message_size_limit": "0", "mailbox_size_limit": "0", "virtual_mailbox_limit": "0",
        "smtpd_peername_lookup": "no", "disable_dns_lookups": "yes", "maximal_backoff_time": "5s",
        "import_environment": "MAIL_CONFIG MAIL_DEBUG MAIL_LOGTAG TZ LANG=C POSTLOG_SERVICE POSTLOG_HOSTNAME LD_LIBRARY_PATH PATH", "maillog_file": "/dev/stdout",
        "maillog_file_prefixes": "/dev/stdout", "smtpd_client_connection_count_limit": "0",
        "smtpd_relay_restrictions": "permit_mynetworks, reject", "default_process_limit": "100",
    }
    if a.relay_to:
        host, port = a.relay_to.rsplit(":", 1)
        main["relayhost"] = "[%s]:%s" % (host, port)
    else:
        main.update({"virtual_mailbox_domains": "static:all", "virtual_mailbox_maps": "static:mail/",
                     "virtual_mailbox_base": folder, "virtual_uid_maps": "static:%d" % owner.pw_uid,
                     "virtual_gid_maps": "static:%d" % owner.pw_gid, "virtual_minimum_uid": "1"})
    if a.tls:
        main.update({"smtpd_tls_cert_file": os.path.abspath(a.tls[0]), "smtpd_tls_key_file": os.path.abspath(a.tls[1]),
                     "smtpd_tls_security_level": "may", "smtpd_tls_loglevel": "1",
                     "smtpd_tls_wrappermode": "yes" if a.wrapped else "no"})
    if a.auth:
        sasl = os.path.join(folder, "etc/sasl")  # where Debian's build looks
        database = os.path.join(sasl, "sasldb2")
        subprocess.run(["saslpasswd2", "-p", "-c", "-f", database, "-u", "peer.example", a.auth[0]],
                       input=a.auth[1].encode(), check=True)
        os.chown(database, owner.pw_uid, owner.pw_gid)
        write(os.path.join(sasl, "smtpd.conf"), "pwcheck_method: auxprop\nauxprop_plugin: sasldb\n"
              "sasldb_path: %s\nmech_list: PLAIN LOGIN\n" % database)
        main.update({"smtpd_sasl_auth_enable": "yes", "smtpd_tls_auth_only": "yes",
                     "smtpd_sasl_local_domain": "peer.example", "smtpd_sasl_security_options": "noanonymous",
                     "smtpd_recipient_restrictions": "permit_sasl_authenticated, reject",
                     "smtpd_relay_restrictions": "permit_sasl_authenticated, reject"})
    main.update(pair.split("=", 1) for pair in a.set)
    etc = os.path.join(folder, "etc")
    write(os.path.join(etc, "main.cf"), "".join("%s = %s\n" % kv for kv in main.items()))
    services = [("127.0.0.1:%d" % a.port, "inet", "smtpd"), ("pickup", "unix", "pickup"), ("cleanup", "unix", "cleanup"),
                ("qmgr", "unix", "qmgr"), ("rewrite", "unix", "trivial-rewrite"), ("bounce", "unix", "bounce"),
                ("defer", "unix", "bounce"), ("trace", "unix", "bounce"), ("verify", "unix", "verify"),
                ("proxymap", "unix", "proxymap"), ("smtp", "unix", "smtp"), ("relay", "unix", "smtp"),
                ("error", "unix", "error"), ("retry", "unix", "error"), ("virtual", "unix", "virtual"),
                ("anvil", "unix", "anvil"), ("scache", "unix", "scache"), ("tlsmgr", "unix", "tlsmgr"),
                ("postlog", "unix-dgram", "postlogd")]
    lines = []
    for name, kind, program in services:
        private = "n" if kind == "inet" or name in ("pickup", "cleanup", "qmgr", "postlog") else "-"
        wake = {"pickup": "60", "qmgr": "300", "tlsmgr": "1000?"}.get(name, "-")
        limit = {"pickup": "1", "qmgr": "1", "verify": "1", "anvil": "1", "scache": "1", "tlsmgr": "1", "postlog": "1",
                 "cleanup": "0", "bounce": "0", "defer": "0", "trace": "0"}.get(name, "-")
        lines.append("%s %s %s %s n %s %s %s\n" % (name, kind, private, "n" if name in ("virtual",) else "-", wake, limit, program))
    write(os.path.join(etc, "master.cf"), "".join(lines))
    for name in ("postfix-files", "dynamicmaps.cf"):
        write(os.path.join(etc, name), "")
    for name in os.listdir(etc):  # every process of Postfix would wait until a file is older than a second
        os.utime(os.path.join(etc, name), (1000000000, 1000000000))
    return daemons, etc


def serves(a):
    """Postfix listens before it can do TLS: until its tlsmgr answers, smtpd keeps quiet about STARTTLS."""
    with socket.create_connection(("127.0.0.1", a.port), 0.5) as connection:
        if a.wrapped or not a.tls:
            return True
        connection.settimeout(5)
        with connection.makefile("rwb") as lines:
            lines.readline()
            lines.write(b"EHLO ready.example\r\n")
            lines.flush()
            offered = b""
            while not offered.startswith(b"250 "):
                offered = lines.readline()
                if not offered or b"STARTTLS" in offered:
                    return bool(offered)
    return False


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--package", required=True)
    p.add_argument("--folder", required=True)
    p.add_argument("--port", type=int, required=True)
    p.add_argument("--relay-to")
    p.add_argument("--deliver", action="store_true")
    p.add_argument("--tls", nargs=2)
    p.add_argument("--wrapped", action="store_true")
    p.add_argument("--auth", nargs=2)
    p.add_argument("--set", action="append", default=[])
    a = p.parse_args()
    daemons, etc = prepare(a)
    environment = dict(os.environ, LD_LIBRARY_PATH=os.path.join(os.path.abspath(a.package), "usr/lib/postfix"))
    master = subprocess.Popen([os.path.join(daemons, "master"), "-c", etc, "-d"], env=environment, stdin=subprocess.DEVNULL)

    def stop(*_):
        if master.poll() is None:
            master.terminate()
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    for _ in range(200):
        try:
            if serves(a):
                os.write(1, b"\nready\n")  # in one piece, on a line of its own: the log goes the same way
                break
        except OSError:
            pass
        if master.poll() is not None:
            print("postfix: master ended with %d; see %s" % (master.returncode, a.folder), file=sys.stderr)
            return 1
        time.sleep(0.05)
    # Whoever started us keeps our standard input open; when it ends, so do we (no stray Postfix after a crashed test).
    if not sys.stdin.isatty():
        try:
            while master.poll() is None and sys.stdin.buffer.read(4096):
                pass
        except (OSError, ValueError):
            pass
        stop()
    master.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
