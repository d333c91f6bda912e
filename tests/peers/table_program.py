#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""An external table program, as OpenSMTPD 7.6 starts it: table-WORD FILE, the dialogue on standard input and output.

FILE holds lines "SERVICE|KEY|VALUE"; its services are the ones served. What "fetch" gives goes through the keys in turn.
Some keys make it misbehave: die, rubbish, other (answers another question), trouble, silence.
"""
import sys

entries, order = {}, {}
for line in open(sys.argv[1], encoding="utf-8", errors="surrogateescape"):
    service, key, value = line.rstrip("\n").split("|", 2)
    entries[service, key] = value
    order.setdefault(service, []).append(key)
sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape", newline="\n")
sys.stdout.reconfigure(encoding="utf-8", errors="surrogateescape", newline="\n")


def say(line):
    print(line, flush=True)


config = {}
for line in sys.stdin:
    if line == "config|ready\n":
        break
    _, key, value = line.rstrip("\n").split("|", 2)
    config[key] = value
if config.get("protocol") != "0.1" or "smtpd-version" not in config or "tablename" not in config:
    sys.exit("wants another greeting: %r" % config)
for service in order:
    say("register|" + service)
say("register|ready")

turns = {}
for line in sys.stdin:
    word, version, moment, table, operation, *rest = line.rstrip("\n").split("|", 6)
    if (word, version, table) != ("table", "0.1", config["tablename"]) or "." not in moment:
        sys.exit("does not understand " + line)
    service, tail = rest[0], rest[1]
    if operation == "fetch":
        at = turns[service] = turns.get(service, -1) + 1
        say("fetch-result|%s|found|%s" % (tail, order[service][at % len(order[service])]))
        continue
    number, key = tail.split("|", 1)
    if key == "die":
        sys.exit("was told to die")
    if key == "rubbish":
        say("what?")
    elif key == "other":
        say("%s-result|ffffffff|not-found" % operation)
    elif key == "trouble":
        say("%s-result|%s|error|database is away" % (operation, number))
    elif key == "silence":
        pass
    elif (service, key) not in entries:
        say("%s-result|%s|not-found" % (operation, number))
    elif operation == "check":
        say("check-result|%s|found" % number)
    else:
        say("lookup-result|%s|found|%s" % (number, entries[service, key]))
