#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail servers that misbehave, one port for each way; prints "MODE PORT" lines and then "ready".

    hostile.py

Runs until its standard input ends. The last word of a mode is the command it happens at: "close MAIL" takes the connection away
instead of answering MAIL, "." is the end of the content.
"""
import socket
import struct
import sys
import threading
import time

AT = ["greeting", "EHLO", "MAIL", "RCPT", "DATA", "."]
MODES = (["close " + at for at in AT] + ["reset " + at for at in AT] + ["hang " + at for at in AT] +
         ["421 " + at for at in AT] + ["451 " + at for at in AT] +
         ["half " + at for at in AT] +      # closes in the middle of a reply
         ["endless " + at for at in AT] +   # "250-" for ever
         ["garbage EHLO", "codes EHLO", "nul EHLO", "line EHLO", "lf EHLO", "999 MAIL", "empty MAIL", "drip MAIL",
          "150 MAIL", "354 MAIL", "250 DATA", "nocode MAIL", "cr MAIL", "twice MAIL", "twice DATA", "ahead greeting",
          "injection STARTTLS", "early ."])
ANSWERS = {"greeting": b"220 hostile ready\r\n", "EHLO": b"250-hostile\r\n250-SIZE -1\r\n250 8BITMIME\r\n", "DATA": b"354 go\r\n"}


def misbehave(how, at, c):
    """True: the conversation goes on as if nothing had been."""
    good = ANSWERS.get(at, b"250 2.0.0 ok\r\n")
    code = good[:3]
    if how == "close":
        c.close()
    elif how == "reset":
        c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        c.close()
    elif how == "hang":
        time.sleep(3600)
    elif how in ("421", "451"):
        c.sendall(how.encode() + b" 4.3.2 no\r\n")
        if how == "421":
            c.close()
    elif how in ("150", "354", "250"):  # a code that is out of place
        c.sendall(how.encode() + b" 2.0.0 odd\r\n")
    elif how == "nocode":
        c.sendall(b"fine with me\r\n")
    elif how == "cr":
        c.sendall(b"250 fine\r250 with me\r\n")
    elif how == "twice":  # the second would pass for the reply to what comes next
        c.sendall(good + good)
    elif how == "ahead":  # all replies before their commands
        c.sendall(b"220 hi\r\n250 hostile\r\n250 ok\r\n250 ok\r\n354 go\r\n250 taken\r\n")
        time.sleep(1)
        c.close()
    elif how == "half":
        c.sendall(code + b"-and th")
        c.close()
    elif how == "endless":
        while True:
            c.sendall((code + b"-once more\r\n") * 100)
    elif how == "garbage":
        c.sendall(b"\x80\xff what do you want\r\n")
    elif how == "codes":
        c.sendall(b"250-hostile\r\n550 no\r\n")
    elif how == "nul":
        c.sendall(b"250-hostile\r\n250 8BIT\0MIME\r\n")
    elif how == "line":
        for _ in range(1024):
            c.sendall(b"250 " + b"x" * 65536)
    elif how == "lf":
        c.sendall(b"250-hostile\n250 8BITMIME\n")
    elif how == "999":
        c.sendall(b"999 beyond\r\n")
    elif how == "empty":
        c.sendall(b"\r\n")
    elif how == "drip":
        while True:
            c.sendall(b"2")
            time.sleep(0.2)
    elif how == "injection":
        c.sendall(b"220 go\r\n250-hostile\r\n250 AUTH PLAIN\r\n")
        time.sleep(1)
        c.close()


def serve(how, at, c):
    try:
        if at == "greeting":
            misbehave(how, at, c)
            return
        c.sendall(ANSWERS["greeting"])
        data, in_content = b"", False
        while True:
            end = data.find(b"\r\n")
            while end < 0:
                more = c.recv(65536)
                if not more:
                    return
                data += more
                end = data.find(b"\r\n")
            line, data = data[:end], data[end + 2:]
            if in_content:
                if how == "early" and line != b".":
                    c.sendall(b"552 5.3.4 too much already\r\n")
                    time.sleep(1)
                    return
                if line != b".":
                    continue
                in_content, verb = False, "."
            else:
                verb = line.split(b" ")[0].split(b":")[0].decode("ascii", "replace").upper()
            if verb == "QUIT":
                c.sendall(b"221 bye\r\n")
                return
            if verb == at:
                misbehave(how, at, c)
                continue
            if verb == "EHLO" and at == "STARTTLS":
                c.sendall(b"250-hostile\r\n250 STARTTLS\r\n")
                continue
            in_content = verb == "DATA"
            c.sendall(ANSWERS.get(verb, b"250 2.0.0 ok\r\n"))
    except OSError:
        pass
    finally:
        c.close()


def listen(how, at):
    server = socket.create_server(("127.0.0.1", 0), backlog=50)

    def accept():
        while True:
            c, _ = server.accept()
            threading.Thread(target=serve, args=(how, at, c), daemon=True).start()
    threading.Thread(target=accept, daemon=True).start()
    return server.getsockname()[1]


def main():
    for mode in MODES:
        how, at = mode.split(" ")
        print("%s %d" % (mode, listen(how, at)))
    print("ready", flush=True)
    sys.stdin.read()
    return 0


if __name__ == "__main__":
    sys.exit(main())
