// SPDX-License-Identifier: GPL-3.0-or-later
#include "sample_config.h"

#include <array>

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

namespace {

struct Kind {
    const char* name;
    const char* head;
    const char* line; // # is its number, & an address; may be several lines
    const char* tail = "";
    const char* list = ""; // what the file "list" beside it holds
};
constexpr auto kKinds = std::to_array<Kind>({
    {"rules by source and domain", "action out relay\n", "match from src & for domain \"d#.example.org\" action out\n"},
    {"rules with two lists each", "action out relay\n",
     "match from src { &, 192.0.2.0/24 } for domain { \"d#.example.org\", \"e#.example.org\" } action out\n"},
    {"rules by sender and recipient", "action out relay\n",
     "match from any ! mail-from \"@s#.example.org\" for rcpt-to \"u#@example.org\" action out\n"},
    {"rules by a macro", "action out relay\nlan = \"{ 192.0.2.0/24, 198.51.100.0/24 }\"\n",
     "match from src $lan for domain \"d#.example.org\" action out\n"},
    {"rules by expressions", "action out relay\n", "match from any mail-from regex \"^a#.*@x\" for any reject\n"},
    {"rules that one above them takes", "action out relay\n", "match from local for local action out\n"},
    {"an action with a URL for each rule", "",
     "action \"a#\" relay host \"smtp+tls://mx#.example.net:587\"\nmatch from src & for domain \"d#.example.org\" action \"a#\"\n"},
    {"a macro for each rule", "action out relay\n",
     "m# = \"d#.example.org\"\nmatch from src & for domain $m# action out\n"},
    {"a table for each rule", "action out relay\n",
     "table t# { \"d#.example.org\", \"*.d#.example.org\" }\nmatch from src & for domain <t#> action out\n"},
    {"tables", "action out relay\nmatch from any for any action out\n", "table t# { a# = \"b#@example.org\" }\n"},
    {"one list", "action out relay\ntable big {\n", "    \"d#.example.org\",\n",
     "    \"example.org\"\n}\nmatch from any for domain <big> action out\n"},
    {"one mapping", "table big {\n", "    u# = \"u#@example.org\",\n",
     "    root = postmaster\n}\naction out mbox alias <big>\nmatch from any for local action out\n"},
    {"comments", "action out relay\nmatch from any for any action out\n", "# line # says nothing, and is read all the same\n"},
    {"a tag and a listener for each rule", "action out relay\n",
     "listen on 127.0.0.1 port 10025 tag T#\nmatch tag T# from any for any action out\n"},
    {"accept and reject, a URL for each", "table secrets { l = \"u:p\" }\n",
     "accept from source & for domain \"d#.example.org\" relay via \"smtps+auth://l@mx#.example.net:465\" auth <secrets>\n"
     "reject from source & for domain \"e#.example.org\"\n"},
    {"accept, a URL with a login for each", "table secrets { l = \"u:p\" }\n",
     "accept from source & for domain \"d#.example.org\" relay via \"smtps+auth://l@mx#.example.net:465\" auth <secrets>\n"},
    {"rules of 2012, a map with a file for each", "",
     "map \"m#\" source plain \"list\"\naccept for domain \"d#.example.org\" alias m# deliver to mbox\n", "", "a: b\nc: d\n"},
    {"rules of 2012", "", "accept from all for domain \"d#.example.org\" relay via \"mx#.example.org\" port 25 tls\n"},
});

QByteArray linesOf(const Kind& kind, int from, int to) {
    const QByteArrayView line = kind.line;
    const int step = int(line.count('\n'));
    QByteArray text;
    for (int i = from; i + step <= to; i += step) {
        const QByteArray number = QByteArray::number(i);
        for (const char c : line) {
            if (c == '#' && &c != line.data())
                text += number;
            else if (c == '&')
                text += "10." + QByteArray::number(i / 62500 % 250) + '.' + QByteArray::number(i / 250 % 250) + '.' +
                        QByteArray::number(i % 250);
            else
                text += c;
        }
    }
    return text;
}

} // namespace

QByteArray rulesOnly(int lines) {
    return sample(0, lines).text;
}

int sampleCount() {
    return int(kKinds.size()) + 1;
}

Sample sample(int number, int lines) {
    if (number == int(kKinds.size())) { // the first, in a hundred files
        Sample result{"rules in 100 files", "action out relay\n"};
        for (int file = 0; file < 100; ++file) {
            const QByteArray name = "part" + QByteArray::number(file) + ".conf";
            result.text += "include \"" + name + "\"\n";
            result.included.insert(name, linesOf(kKinds[0], file * lines / 100, (file + 1) * lines / 100));
        }
        return result;
    }
    const Kind& kind = kKinds[size_t(number)];
    const int others = int(QByteArrayView(kind.head).count('\n') + QByteArrayView(kind.tail).count('\n'));
    Sample result{kind.name, kind.head + linesOf(kind, 0, lines - others) + kind.tail};
    if (*kind.list)
        result.included.insert("list", kind.list);
    return result;
}

} // namespace postern::bench
