#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a delivery status notification as a stranger would: with Python's own mail parser, which raises on any defect.

    read_notice.py FILE

Prints what RFC 3464 defines, one "name value" a line: header fields as "header.NAME", the parts' types as
"part.N", fields of the report as "message.NAME" and "recipient.N.NAME"; "original.NAME" of what is returned. Status 1 and the
reason if it is no well-formed report.
"""
import email
import email.errors
import email.policy
import sys

POLICY = email.policy.SMTPUTF8.clone(raise_on_defect=True)


def fields(prefix, message):
    for name, value in message.items():
        # UTF-8 in a header is right since RFC 6532; this parser reads it, and complains.
        defects = [one for one in getattr(value, "defects", ())
                   if not isinstance(one, (email.errors.NonASCIILocalPartDefect, email.errors.UndecodableBytesDefect))]
        if defects:
            raise ValueError("%s: %s" % (name, defects))
        print(prefix + name.lower(), " ".join(str(value).split()))


def main():
    with open(sys.argv[1], "rb") as file:
        message = email.message_from_bytes(file.read(), policy=POLICY)
    if message.get_content_type() != "multipart/report":
        raise ValueError("it is " + message.get_content_type())
    fields("header.", message)
    print("report-type", message.get_param("report-type"))
    parts = message.get_payload()
    for number, part in enumerate(parts, 1):
        print("part.%d %s" % (number, part.get_content_type()))
    print("words", " ".join(parts[0].get_content().split()))
    blocks = [block for block in parts[1].get_payload() if block.keys()]  # of the message, then one for each recipient
    fields("message.", blocks[0])
    for number, block in enumerate(blocks[1:], 1):
        fields("recipient.%d." % number, block)
    original = parts[2]
    if original.get_content_type() == "text/rfc822-headers":
        returned = email.message_from_bytes(original.get_payload(decode=True), policy=POLICY)
    else:
        returned = original.get_payload()[0]
        print("returned", " ".join(returned.get_payload().split()))
    for name, value in returned.items():
        print("original." + name.lower(), " ".join(str(value).split()))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Exception as trouble:  # any: whatever a parser stumbles over
        print("no well-formed report: %r" % trouble, file=sys.stderr)
        sys.exit(1)
