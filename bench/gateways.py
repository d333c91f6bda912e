# SPDX-License-Identifier: GPL-3.0-or-later
"""The gateways that bench.py measures, each in a folder of its own, and what they send to.

All of them relay whatever they take to a sink of their own, so that what one still has to send does not count for another.
start() returns when the gateway answers; stop() ends it. OpenSMTPD sends a sudden backlog at some 15 messages a second, so it is
made anew for each turn.
"""
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Sink:
    """smtp-sink with its running message counter."""

    def __init__(self, sbin):
        self.port = free_port()
        self.process = subprocess.Popen(["stdbuf", "-o0", os.path.join(sbin, "smtp-sink"), "-c", "-u", "nobody",
                                         "127.0.0.1:%d" % self.port, "1000"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        bufsize=0)
        os.set_blocking(self.process.stdout.fileno(), False)
        self.count, self.tail = 0, b""
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", self.port), 0.2).close()
                return
            except OSError:
                time.sleep(0.05)
        sys.exit("bench: smtp-sink did not start")

    def wait(self, until, seconds):
        """Until so many have come altogether, or the time is up; returns when the last one came."""
        end = time.monotonic() + seconds
        last = time.monotonic()
        while self.count < until and time.monotonic() < end:
            try:
                chunk = os.read(self.process.stdout.fileno(), 65536)
            except BlockingIOError:
                time.sleep(0.002)
                continue
            self.tail = (self.tail + chunk)[-200:]
            found = re.findall(rb"mesg=(\d+)", self.tail)
            if found and int(found[-1]) != self.count:
                self.count, last = int(found[-1]), time.monotonic()
        return last

    def stop(self):
        self.process.terminate()


class Peer:
    """A program of tests/peers: prints ready, ends with its standard input."""

    keeps = True  # between turns

    def __init__(self, name, script, package, work, sink, more=()):
        self.name, self.sink, self.port = name, sink, 0
        self.command = [sys.executable, os.path.join(HERE, "../tests/peers", script), "--package", package, "--folder",
                        os.path.join(work, name), "--relay-to", "127.0.0.1:%d" % sink.port] + list(more)
        self.process = None

    def start(self):
        if self.process:
            return
        self.port = free_port()
        self.process = subprocess.Popen(self.command + ["--port", str(self.port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL)
        if not any(line.strip() == b"ready" for line in iter(self.process.stdout.readline, b"")):  # its log comes the same way
            sys.exit("bench: %s did not start" % self.name)
        threading.Thread(target=lambda out: [None for _ in out], args=(self.process.stdout,), daemon=True).start()

    def stop(self):
        if self.process:
            self.process.stdin.close()
            self.process.wait(30)
            self.process = None


class OpenSmtpd(Peer):
    keeps = False


class Postern:
    """config: smtpd.conf with {port} and, for the second listener, {tls} in it."""

    keeps = True

    def __init__(self, build, work, config, sink=None, name="postern"):
        self.name, self.sink = name, sink
        self.program = os.path.join(os.path.abspath(build), "bin/posternctl")
        self.folder = os.path.join(work, name)
        self.port, self.tls = free_port(), free_port()
        os.makedirs(self.folder)
        self.config = os.path.join(self.folder, "smtpd.conf")
        with open(self.config, "w") as f:
            f.write(config.replace("{port}", str(self.port)).replace("{tls}", str(self.tls))
                    .replace("{sink}", str(sink.port if sink else 1)))
        self.process = None

    def start(self):
        """Seconds from its start to its ready."""
        if self.process:
            return 0.0
        begun = time.monotonic()
        self.process = subprocess.Popen([self.program, "run", "-f", self.config, "--state", os.path.join(self.folder, "state")],
                                        stdout=subprocess.PIPE, stderr=open(os.path.join(self.folder, "stderr"), "ab"))
        if not self.process.stdout.readline().startswith(b"ready"):
            sys.exit("bench: Postern did not start: " + open(os.path.join(self.folder, "stderr")).read()[-500:])
        return time.monotonic() - begun

    def ctl(self, *words):
        return subprocess.run([self.program, "--state", os.path.join(self.folder, "state"), *words], check=True,
                              capture_output=True, text=True).stdout

    def cpu(self):
        """Seconds of processor time so far, all threads."""
        with open("/proc/%d/stat" % self.process.pid) as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident(self):
        """KiB."""
        with open("/proc/%d/status" % self.process.pid) as f:
            return int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1))

    def stop(self):
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(60)
            self.process = None

    def forget(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
