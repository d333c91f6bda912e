#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Postern beside Postfix and OpenSMTPD in one run, and beside its goals.

    bench.py --build DIR --peers DIR [--quick] [--only ROW[,ROW]...] [--million] [--rounds N] [--work DIR]

Rows: accept, latency, idle, memory, queue, window. Everything runs on loopback in a network of its own, all queues on the disk of --work;
the gateways take turns in every round, so that a drift of the machine hits all alike, and medians are compared. A ratio is what to
rely on; absolute figures belong to the machine. --quick takes less of everything: to see that it works, not to quote.
--million: the row queue alone, with a million messages in it; takes some minutes and 5 GiB.
Exit status 1 if a goal is missed. Needs root (Postfix's and OpenSMTPD's own processes, and the network).
"""
import argparse
import os
import shutil
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time

from gateways import HERE, OpenSmtpd, Peer, Postern, Sink

RELAY = ('smtp limit max-mails 1000000\nlisten on 127.0.0.1 port {port}\naction "out" relay host smtp://127.0.0.1:{sink}\n'
         'match from any for any action "out"\n')
CATCH = ('listen on 127.0.0.1 port {port}\naction "caught" catch\nmatch from any for any action "caught"\n')
missed = []


def report(what, figure, goal, isMet):
    if not isMet:
        missed.append(what)
    print("  %-52s %14s   goal %-10s %s" % (what, figure, goal, "met" if isMet else "MISSED"), flush=True)


def atLeast(what, ratio, goal):
    report(what, "%.2f x" % ratio, ">= %g x" % goal, ratio >= goal)


def atMost(what, figure, goal, unit):
    report(what, "%.2f %s" % (figure, unit), "<= %g %s" % (goal, unit), figure <= goal)


class Bench:
    def __init__(self, a, work):
        self.a, self.work = a, work
        self.quick = a.quick
        self.rounds = a.rounds or (1 if a.quick else 3)
        package = os.path.join(os.path.abspath(a.peers), "postfix")
        self.sbin = os.path.join(package, "usr/sbin")
        os.environ["LD_LIBRARY_PATH"] = os.path.join(package, "usr/lib/postfix")
        self.sessions = os.path.join(os.path.abspath(a.build), "bin/bench_sessions")
        self.sinks = [Sink(self.sbin) for _ in range(3)]
        self.postfix = Peer("postfix", "postfix.py", package, work, self.sinks[0])
        self.opensmtpd = OpenSmtpd("opensmtpd", "opensmtpd.py", os.path.join(os.path.abspath(a.peers), "opensmtpd"), work,
                                   self.sinks[1], ("--resolver", "127.0.0.1"))
        self.postern = Postern(a.build, work, RELAY, self.sinks[2])
        self.all = [self.postfix, self.opensmtpd, self.postern]

    def source(self, port, messages, size, sessions, keep=True):
        """Seconds until all of them were accepted."""
        begun = time.monotonic()
        done = subprocess.run([os.path.join(self.sbin, "smtp-source")] + (["-d"] if keep else []) +
                              ["-s", str(sessions), "-m", str(messages), "-l", str(size), "-f", "a@example.org", "-t", "b@example.net",
                               "127.0.0.1:%d" % port], capture_output=True, timeout=600)
        if done.returncode:
            print("bench: smtp-source: " + done.stderr.decode()[:200], file=sys.stderr)
        return time.monotonic() - begun

    def turn(self, gateway, measure):
        gateway.start()
        result = measure(gateway)
        if not gateway.keeps:
            gateway.stop()
        return result

    def medians(self, gateways, measure, warmUp=True):
        """By gateway, the median of each figure that measure() returns; the first round warms up."""
        figures = {g.name: [] for g in gateways}
        for round_ in range(self.rounds + (1 if warmUp else 0)):
            for g in gateways:
                result = self.turn(g, measure)
                if round_ or not warmUp:
                    figures[g.name].append(result)
        return {name: [statistics.median(r[i] for r in rows) for i in range(len(rows[0]))] for name, rows in figures.items()}

    # --- rows -----------------------------------------------------------------------------------------------------------------

    def accept(self):
        cases = [(4096, 20, True, 5), (4096, 32, True, 5), (4096, 20, False, None), (102400, 20, True, 3)]
        for size, sessions, keep, goal in cases:
            messages = 300 if self.quick else 1000  # 50 a session: OpenSMTPD takes 100

            def measure(gateway):
                sink = gateway.sink
                base = sink.count
                begun = time.monotonic()
                accepted = self.source(gateway.port, messages, size, sessions, keep)
                # OpenSMTPD would take a minute: what came in six seconds tells its rate.
                out = sink.wait(base + messages, 180 if gateway.keeps else 6)
                arrived = sink.count - base
                if gateway.keeps and arrived != messages:
                    print("bench: %s: only %d of %d arrived" % (gateway.name, arrived, messages), file=sys.stderr)
                return messages / accepted, arrived / max(0.001, out - begun)

            median = self.medians(self.all, measure)
            print("\n%d octets, %d sessions%s" % (size, sessions, ", kept" if keep else ", one message each"))
            for g in self.all:
                print("    %-10s accept %7.0f/s   end to end %7.0f/s" % (g.name, *median[g.name]))
            name = "%d KiB, %d sessions" % (size // 1024, sessions)
            for peer in ("postfix", "opensmtpd"):
                ratio = [median["postern"][i] / median[peer][i] for i in (0, 1)]
                if goal is None or (peer == "opensmtpd" and size > 4096):
                    print("  %-52s %11.2f x, end to end %.2f x" % ("accept against " + peer + " (no goal)", *ratio))
                    continue
                atLeast("accept, %s, against %s" % (name, peer), ratio[0], goal)
                if peer == "postfix":
                    atLeast("end to end, %s, against %s" % (name, peer), ratio[1], goal)

    def latency(self):
        for clients, messages, which, column, goal in ((1, 60 if self.quick else 200, "p50", 0, 0.7),
                                                       (128, 600 if self.quick else 1920, "p99", 2, 0.4)):
            def measure(gateway):
                base = gateway.sink.count
                done = subprocess.run([self.sessions, "latency", str(gateway.port), str(clients), str(messages), "4096"],
                                      capture_output=True, text=True, timeout=180)
                if done.returncode:
                    sys.exit("bench: %s: %s" % (gateway.name, done.stderr))
                if gateway.keeps:
                    gateway.sink.wait(base + messages, 180)
                return [float(x) for x in done.stdout.split()]

            median = self.medians(self.all, measure)
            print("\nlatency of a message of 4 KiB, MAIL to 250, %d client%s" % (clients, "s" if clients > 1 else ""))
            for g in self.all:
                print("    %-10s p50 %8.2f ms   p90 %8.2f ms   p99 %8.2f ms   %7.0f/s" %
                      (g.name, *[x / 1000 for x in median[g.name][:3]], median[g.name][4]))
            atMost("%s, %d client%s, against postfix" % (which, clients, "s" if clients > 1 else ""),
                   median["postern"][column] / median["postfix"][column], goal, "x")

    def open_idle(self, gateway, clients):
        holder = subprocess.Popen([self.sessions, "idle", str(gateway.port), str(clients)], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE)
        if holder.stdout.readline().strip() != b"ready":
            sys.exit("bench: idle clients could not be opened")
        return holder

    def idle(self):
        gateway = Postern(self.a.build, self.work, CATCH, name="idle")
        gateway.start()
        clients, sessions = (2000, 500) if self.quick else (10000, 2000)

        def cost():
            before = gateway.cpu()
            self.source(gateway.port, sessions, 4096, 20, keep=False)
            return (gateway.cpu() - before) / sessions * 1e6

        cost()  # warms up
        without, beside = [], []
        for _ in range(self.rounds):
            without.append(cost())
            holder = self.open_idle(gateway, clients)
            beside.append(cost())
            holder.stdin.close()
            holder.wait()
            time.sleep(0.5)  # their ends are seen
        a, b = statistics.median(without), statistics.median(beside)
        print("\nprocessor time a session of one message: %.0f us alone, %.0f us beside %d idle clients" % (a, b, clients))
        atMost("a session beside %d idle clients" % clients, b / a, 1.2, "x")
        gateway.forget()

    def memory(self):
        certificate, key = os.path.join(self.work, "cert.pem"), os.path.join(self.work, "key.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                        "-subj", "/CN=bench.example", "-keyout", key, "-out", certificate], check=True, capture_output=True)
        gateway = Postern(self.a.build, self.work, 'pki b cert "%s"\npki b key "%s"\nlisten on 127.0.0.1 port {tls} smtps pki b\n'
                          % (certificate, key) + CATCH, name="memory")
        gateway.start()
        first, more = (200, 1000) if self.quick else (500, 5000)
        holders = [self.open_idle(gateway, first)]
        before = gateway.resident()
        holders.append(self.open_idle(gateway, more))
        plain = (gateway.resident() - before) / more
        for holder in holders:
            holder.stdin.close()
            holder.wait()
        gateway.stop()
        gateway.start()  # what the ones before left free would hide what the next ones take
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        kept = []

        def open_tls(n):
            for _ in range(n):
                s = context.wrap_socket(socket.create_connection(("127.0.0.1", gateway.tls)))
                s.recv(500)
                s.sendall(b"EHLO bench.example\r\n")
                s.recv(500)
                kept.append(s)

        first, more = (50, 200) if self.quick else (200, 1000)
        open_tls(first)
        before = gateway.resident()
        open_tls(more)
        tls = (gateway.resident() - before) / more
        for s in kept:
            s.close()
        print("\nresident memory of an idle connection that has said EHLO")
        atMost("in clear", plain, 10, "KiB")
        atMost("in TLS", tls, 70, "KiB")
        gateway.forget()

    def queue(self):
        count, messages = (10000, 500) if self.quick else (100000, 2000)
        if self.a.million:
            count = 1000000
        empty = Postern(self.a.build, self.work, RELAY, name="empty")
        full = Postern(self.a.build, self.work, RELAY, name="full")
        for gateway in (empty, full):
            gateway.start()
            gateway.ctl("pause", "mta")
        bare = empty.resident()
        seconds = sum(self.source(full.port, portion, 4096, 32) for portion in [100000] * (count // 100000) or [count])
        print("\na queue of %d messages of 4 KiB, filled at %.0f/s" % (count, count / seconds))
        figures, costs = {empty.name: [], full.name: []}, {empty.name: [], full.name: []}
        for _ in range(self.rounds * 2 + 1):
            for gateway in (empty, full):
                before = gateway.cpu()
                figures[gateway.name].append(messages / self.source(gateway.port, messages, 4096, 20))
                costs[gateway.name].append((gateway.cpu() - before) / messages * 1e6)
        rates = {name: statistics.median(rows[1:]) for name, rows in figures.items()}
        costs = {name: statistics.median(rows[1:]) for name, rows in costs.items()}
        print("    accept beside it %.0f/s, on an empty queue %.0f/s; processor time a message %.0f us and %.0f us" %
              (rates["full"], rates["empty"], costs["full"], costs["empty"]))
        atLeast("accept with %d in the queue, against none" % count, rates["full"] / rates["empty"], 0.9)
        starts = []
        for _ in range(3):
            full.stop()
            starts.append(full.start())
        atMost("start with %d in the queue" % count, statistics.median(starts), 5 if self.a.million else 2, "s")
        print("    and %.0f MiB resident" % (full.resident() / 1024))
        if count >= 100000:
            atMost("resident memory of an envelope in the queue", (full.resident() - bare) / count, 1, "KiB")
        for gateway in (empty, full):
            gateway.forget()

    def window(self):
        """The window turns its pages while its own engine relays at full speed."""
        messages = 5000 if self.quick else 30000
        gateway = Postern(self.a.build, self.work, RELAY, self.sinks[2], name="window")  # its folder, ports and configuration
        shown = subprocess.Popen([os.path.join(os.path.dirname(gateway.program), "bench_window"), gateway.folder],
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=dict(os.environ, QT_QPA_PLATFORM="offscreen"),
                                 stderr=open(os.path.join(gateway.folder, "stderr"), "wb"))
        if shown.stdout.readline().strip() != "ready":
            sys.exit("bench: the window did not start")
        base = gateway.sink.count
        begun = time.monotonic()
        self.source(gateway.port, messages, 4096, 20)
        arrived = gateway.sink.wait(base + messages, 180)
        shown.stdin.close()
        seconds, longest, work, most = [float(x) for x in shown.stdout.readline().split()]
        shown.wait(60)
        print("\nthe window turning its pages for %.0f s while %.0f messages a second went through" %
              (seconds, (gateway.sink.count - base) / (arrived - begun)))
        print("    99 of 100 looks at its event loop came at most %.1f ms late; of the longest stall it was at work %.1f ms" % (most, work))
        atMost("longest stall of the window", longest, 50, "ms")
        gateway.forget()

    def stop(self):
        for gateway in self.all:
            gateway.stop()
        for sink in self.sinks:
            sink.stop()


def name_server(work):
    """OpenSMTPD asks for each client's name and waits for the answer."""
    server = subprocess.Popen(["dnsmasq", "--no-daemon", "--no-resolv", "--no-hosts", "--listen-address=127.0.0.1", "--bind-interfaces",
                               "--port=53", "--host-record=localhost,127.0.0.1", "--pid-file=" + os.path.join(work, "dns.pid")],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(100):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as s:
            if s.connect_ex(("127.0.0.1", 53)) == 0:
                return server
        time.sleep(0.05)
    sys.exit("bench: dnsmasq did not start")


def main():
    rows = ["accept", "latency", "idle", "memory", "queue", "window"]
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--build", required=True)
    p.add_argument("--peers", required=True)
    p.add_argument("--quick", action="store_true")
    p.add_argument("--only", type=lambda text: text.split(","), default=rows)
    p.add_argument("--million", action="store_true")
    p.add_argument("--rounds", type=int)
    p.add_argument("--work")
    p.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    a = p.parse_args()
    if a.million:
        a.only = ["queue"]
    for row in a.only:
        if row not in rows:
            p.error("--only takes %s; not %s" % (", ".join(rows), row))
    if not a.inside:  # a network of its own: every port is free, and the name server can have the one it needs
        if os.geteuid() != 0:
            sys.exit("bench: needs root")
        os.execvp("unshare", ["unshare", "--net", sys.executable, os.path.join(HERE, "bench.py"), "--inside"] + sys.argv[1:])
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    work = tempfile.mkdtemp(prefix="postern-bench-", dir=a.work)
    os.chmod(work, 0o755)
    names = name_server(work)
    begun = time.monotonic()
    bench = Bench(a, work)
    try:
        for row in rows:
            if row in a.only:
                getattr(bench, row)()
    finally:
        bench.stop()
        names.terminate()
        shutil.rmtree(work, ignore_errors=True)
    print("\n%s; %.0f s" % ("missed: " + ", ".join(missed) if missed else "all goals met", time.monotonic() - begun))
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
