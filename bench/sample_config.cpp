// SPDX-License-Identifier: GPL-3.0-or-later
#include "sample_config.h"

namespace postern::bench {

QByteArray mixedConfig(int lines) {
    QByteArray text = "# Mail for the office and its branches\n\n"
                      "lan = \"{ 192.0.2.0/24, 198.51.100.0/24 }\"\n"
                      "smart = \"smtp+tls://branch@smart.example.net:587\"\n"
                      "queue ttl 5d\n"
                      "smtp max-message-size 35M\n"
                      "bounce warn-interval 1h, 6h, 2d\n\n"
                      "table secrets { branch = \"postern:not-a-secret\" }\n"
                      "listen on 127.0.0.1 port 10025\n"
                      "listen on 127.0.0.1 port 10026 tag SCANNED \\\n"
                      "    hostname mail.example.org\n\n";
    qsizetype made = text.count('\n');
    for (int branch = 0; made + 16 <= lines; ++branch, made += 16) {
        const QByteArray n = QByteArray::number(branch);
        text += "# Branch " + n + ": its people, its printers\n"
                "table domains" + n + " { \"b" + n + ".example.org\", \"*.b" + n + ".example.org\" }\n"
                "table people" + n + " {\n"
                "    ann" + n + " = \"ann" + n + "@example.org\",\n"
                "    bob" + n + " = \"bob" + n + "@example.org, office@example.org\", # on leave\n"
                "    \"info@b" + n + ".example.org\" = postmaster\n"
                "}\n"
                "table printers" + n + " { 10." + QByteArray::number(branch % 250) + ".1.0/24, \"[2001:db8::" +
                QByteArray::number(branch % 9999) + "]\" }\n"
                "action \"deliver" + n + "\" maildir \"/var/mail/b" + n + "/%{rcpt.user}\" virtual <people" + n + "> ttl 2d\n"
                "action \"out" + n + "\" relay host $smart auth <secrets> \\\n"
                "    helo b" + n + ".example.org\n"
                "\n"
                "match from any for domain <domains" + n + "> action \"deliver" + n + "\"\n"
                "match from src <printers" + n + "> mail-from \"@b" + n + ".example.org\" for any action \"out" + n + "\"\n"
                "match ! tag SCANNED from src $lan for domain \"b" + n + ".example.com\" reject # moved away\n"
                "\n";
    }
    for (; made < lines; ++made)
        text += "# the end\n";
    return text;
}

QByteArray rulesOnly(int lines) {
    QByteArray text = "action out relay\n";
    for (int i = 1; i < lines; ++i) {
        const QByteArray n = QByteArray::number(i);
        text += "match from src 10." + QByteArray::number(i / 62500 % 250) + '.' + QByteArray::number(i / 250 % 250) + '.' +
                QByteArray::number(i % 250) + " for domain \"d" + n + ".example.org\" action out\n";
    }
    return text;
}

} // namespace postern::bench
