#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Postern beside Postfix in one run: how fast mail is accepted durably, and how fast it comes out at a sink.

    bench.py --build DIR --peers DIR [--rounds 3] [--messages 1000] [--case SIZE,SESSIONS[,reuse]]...

smtp-source -> gateway -> smtp-sink, all on loopback, both gateways in turn in every round so that a drift of the machine hits
both alike. Prints medians and ratios; a ratio is what to rely on, absolute figures belong to the machine.
Needs root (Postfix's own processes). Both queues lie on the disk of --work.
"""
import argparse
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Sink:
    """smtp-sink with its running message counter."""

    def __init__(self, sbin, port):
        self.process = subprocess.Popen(["stdbuf", "-o0", os.path.join(sbin, "smtp-sink"), "-c", "-u", "nobody",
                                         "127.0.0.1:%d" % port, "1000"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0)
        os.set_blocking(self.process.stdout.fileno(), False)
        self.count, self.tail = 0, b""
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", port), 0.2).close()
                return
            except OSError:
                time.sleep(0.05)
        sys.exit("bench: smtp-sink did not start")

    def wait(self, until, seconds):
        end = time.monotonic() + seconds
        while self.count < until and time.monotonic() < end:
            try:
                chunk = os.read(self.process.stdout.fileno(), 65536)
            except BlockingIOError:
                time.sleep(0.002)
                continue
            self.tail = (self.tail + chunk)[-200:]
            found = re.findall(rb"mesg=(\d+)", self.tail)
            if found:
                self.count = int(found[-1])
        return time.monotonic()


def cpu_seconds(pid):
    """User and system time of a process and its children that still run."""
    total = 0.0
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            fields = open("/proc/%s/stat" % entry).read().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(entry) == pid or int(fields[1]) == pid:
            total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total


def one_round(sbin, sink, port, messages, size, sessions, reuse):
    base = sink.count
    command = [os.path.join(sbin, "smtp-source")] + (["-d"] if reuse else [])
    command += ["-s", str(sessions), "-m", str(messages), "-l", str(size), "-f", "a@example.org", "-t", "b@example.net",
                "127.0.0.1:%d" % port]
    begin = time.monotonic()
    source = subprocess.run(command, capture_output=True, timeout=180)
    accepted = time.monotonic()
    if source.returncode:
        print("bench: smtp-source: " + source.stderr.decode()[:200], file=sys.stderr)
    out = sink.wait(base + messages, 180)
    arrived = sink.count - base
    sink.wait(1 << 60, 0.5)  # stragglers of this turn do not count for the next
    return messages / (accepted - begin), arrived / (out - begin), arrived


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--build", required=True)
    p.add_argument("--peers", required=True)
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--messages", type=int, default=1000)
    p.add_argument("--case", action="append")
    p.add_argument("--work", default=None)
    a = p.parse_args()
    package = os.path.join(os.path.abspath(a.peers), "postfix")
    sbin = os.path.join(package, "usr/sbin")
    os.environ["LD_LIBRARY_PATH"] = os.path.join(package, "usr/lib/postfix")
    work = tempfile.mkdtemp(prefix="postern-bench-", dir=a.work)
    os.chmod(work, 0o755)
    sink_port, postfix_port, postern_port = free_port(), free_port(), free_port()
    sink = Sink(sbin, sink_port)

    postfix = subprocess.Popen([sys.executable, os.path.join(HERE, "../tests/peers/postfix.py"), "--package", package,
                                "--folder", os.path.join(work, "postfix"), "--port", str(postfix_port),
                                "--relay-to", "127.0.0.1:%d" % sink_port], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL)
    if not any(line.strip() == b"ready" for line in iter(postfix.stdout.readline, b"")):  # its log comes the same way
        sys.exit("bench: Postfix did not start")
    import threading
    threading.Thread(target=lambda: [None for _ in postfix.stdout], daemon=True).start()

    config = os.path.join(work, "smtpd.conf")
    with open(config, "w") as f:
        f.write('listen on 127.0.0.1 port %d\naction "out" relay host smtp://127.0.0.1:%d\n'
                'match from any for any action "out"\n' % (postern_port, sink_port))
    postern = subprocess.Popen([os.path.join(a.build, "bin/posternctl"), "run", "-f", config, "--state",
                                os.path.join(work, "postern")], stdout=subprocess.PIPE, stderr=open(os.path.join(work, "postern.log"), "wb"))
    if not postern.stdout.readline().startswith(b"ready"):
        sys.exit("bench: Postern did not start: " + open(os.path.join(work, "postern.log")).read()[-500:])

    gateways = [("postfix", postfix_port), ("postern", postern_port)]
    cases = a.case or ["4096,20,reuse", "4096,32,reuse", "4096,20", "102400,20,reuse"]  # 50 messages a session: max-mails is 100
    for case in cases:
        fields = case.split(",")
        size, sessions, reuse = int(fields[0]), int(fields[1]), "reuse" in fields
        results = {name: [] for name, _ in gateways}
        for turn in range(a.rounds + 1):  # the first round warms up and is not counted
            for name, port in gateways:
                accept, through, arrived = one_round(sbin, sink, port, a.messages, size, sessions, reuse)
                if arrived != a.messages:
                    print("bench: %s: only %d of %d arrived" % (name, arrived, a.messages), file=sys.stderr)
                if turn:
                    results[name].append((accept, through))
        median = {name: [statistics.median(r[i] for r in rows) for i in (0, 1)] for name, rows in results.items()}
        print("%6d octets, %2d sessions%s" % (size, sessions, ", kept" if reuse else ", one message each"))
        for name, _ in gateways:
            print("    %-8s accept %7.0f/s   end to end %7.0f/s" % (name, *median[name]))
        print("    ratio    accept %7.2f     end to end %7.2f" % tuple(median["postern"][i] / median["postfix"][i] for i in (0, 1)),
              flush=True)
    postern.send_signal(signal.SIGTERM)
    postern.wait(30)
    postfix.stdin.close()
    postfix.wait(30)
    sink.process.terminate()
    subprocess.run(["rm", "-rf", work], check=False)


if __name__ == "__main__":
    main()
