// SPDX-License-Identifier: GPL-3.0-or-later
#include "oracle/config_generator.h"

#include <algorithm>

namespace postern::test {
namespace {

const QByteArrayList kDomains{"example.org", "\"*.example.net\"", "mail.example.com", "lan", "\"10\""};
const QByteArrayList kAddresses{"10.0.0.0/8", "192.0.2.1", "\"[2001:db8::1]\"", "::1", "127.0.0.1"};
const QByteArrayList kMailboxes{"ann@example.org", "\"@example.org\"", "bob", "\"a b@example.org\""};
const QByteArrayList kExpressions{"\"^10[.]\"", "\".*\\.lan$\"", "\"foo|bar\""};
const QByteArrayList kRelays{"\"smtp://relay.example.org\"", "smtps://office@relay.example.org:465", "mx.example.org",
                             "\"smtp+tls://relay.example.org:587\""};
// What stands somewhere in the language, wherever a mutation puts it.
const QByteArrayList kWords{
    "action", "alias", "any", "auth", "auth-optional", "backup", "bounce", "ca", "cert", "chain", "chroot", "ciphers",
    "commit", "compression", "connect", "data", "dhe", "disconnect", "domain", "encryption", "expand-only", "fcrdns", "filter",
    "for", "forward-only", "from", "group", "helo", "helo-src", "host", "hostname", "hostnames", "include", "inet4", "inet6",
    "junk", "key", "limit", "listen", "lmtp", "local", "mail-from", "maildir", "mask-src", "masquerade", "match",
    "max-deferred", "max-message-size", "mbox", "mda", "mta", "mx", "no-dsn", "no-verify", "on", "phase", "pki", "port",
    "proc", "proc-exec", "protocols", "proxy-v2", "queue", "rcpt-to", "rdns", "received-auth", "regex", "reject", "relay",
    "report", "rewrite", "scheduler", "senders", "smtp", "smtps", "socket", "src", "srs", "sub-addr-delim", "table", "tag",
    "tls", "tls-require", "ttl", "user", "userbase", "verify", "virtual", "warn-interval", "wrapper", "foo", "\"bar\"", "25",
    "4d", "$net", "<none>", "{", "}", "!", ",", "=", "=>", "<", ">", "/x", "@y", "-1", "'", "\"", "#", "\\", "accept",
    "catch", "order", "certificate", "source", "via", "{ a, b }", "{ a = b }", "{ }"};

} // namespace

void ConfigGenerator::add(const QByteArray& line) {
    QByteArray out = line;
    if (chance(8)) { // blanks where they do not matter
        if (const qsizetype blank = out.indexOf(' '); blank > 0)
            out.replace(blank, 1, oneOf({"\t", "   ", " \\\n  ", "\t \t"}));
    }
    if (chance(8))
        out += oneOf({" # a comment", " #tight", " # it goes on \\\n here", "   "});
    m_text += out + '\n';
    if (chance(15))
        m_text += oneOf({"\n", "# between\n", "   \n", "\t# indented\n", "\\\n\n"});
}

QByteArray ConfigGenerator::quotedOrNot(const QByteArray& word) {
    if (word.startsWith('"') || chance(70))
        return word;
    return chance(80) ? '"' + word + '"' : '\'' + word + '\'';
}

QByteArray ConfigGenerator::braces(const QByteArrayList& items, bool mayBreak) {
    const int count = m_random.bounded(1, 4);
    QByteArray out = chance(80) ? "{ " : "{";
    for (int i = 0; i < count; ++i) {
        if (i > 0)
            out += oneOf(mayBreak ? QByteArrayList{", ", ",", " ", "\n", " \n\n "} : QByteArrayList{", ", ",", " "});
        out += oneOf(items);
    }
    return out + (chance(80) ? " }" : "}");
}

QByteArray ConfigGenerator::mapping() {
    static const QByteArrayList kPairs{"ann = bob", "\"@example.org\" => vmail", "10 = 11", "office = \"joe:secret\"",
                                       "127.0.0.1 = mail.example.org", "'a b'='c d'"};
    QByteArrayList fitting;
    for (const QByteArray& pair : kPairs) {
        if (!pair.startsWith("10 ")) // a number is no string
            fitting.append(pair);
    }
    return braces(fitting);
}

QByteArray ConfigGenerator::listTable(const QByteArrayList& items) {
    return !m_lists.isEmpty() && chance(50) ? '<' + oneOf(m_lists) + '>' : list(items);
}

QByteArray ConfigGenerator::mappingTable() {
    return !m_mappings.isEmpty() && chance(60) ? '<' + oneOf(m_mappings) + '>' : mapping();
}

// Some of these, in any order.
QByteArray ConfigGenerator::options(QByteArrayList from, int percent) {
    QByteArray out;
    while (!from.isEmpty()) {
        const QByteArray option = from.takeAt(m_random.bounded(int(from.size())));
        if (!option.isEmpty() && chance(percent))
            out += ' ' + option;
    }
    return out;
}

void ConfigGenerator::macros() {
    add("net = \"" + oneOf({"10.0.0.0/8", "{ 10.0.0.0/8, ::1 }", "192.0.2.1"}) + '"');
    add("lo = lo");
    add("smtpport = \"25\"");
    add("ipstart = \"127.0\"");
    add("\"half\" = \"from any for\"");
    if (chance(30))
        add("noted = \"relay # and so on\"");
    if (chance(20))
        add("lo = 'lo'");
}

void ConfigGenerator::settings() {
    QByteArrayList lines{
        "queue ttl " + time(),
        "queue compression",
        "queue encryption \"0123456789abcdef0123456789abcdef\"",
        "bounce warn-interval 1h" + oneOf({"", ", 6h", ",1d,2d", ", 1h, 2h, 3h, 4h"}),
        "smtp max-message-size " + size(),
        "smtp sub-addr-delim \"" + oneOf({"+", "-", "_"}) + '"',
        "smtp ciphers \"HIGH:!aNULL\"",
        "smtp limit max-mails 10 max-rcpt 20",
        "smtp limit" + oneOf({"", " \"max-rcpt\" 5"}),
        "mta max-deferred " + oneOf({"100", "0", "-1"}),
        "mta limit max-conn-per-host 5 inet4 session-keepalive 3",
        "mta limit for domain " + oneOf({"example.org", "\"example.net\""}) + " inet6 conn-delay-route 1",
        "mta limit",
        "mda limit max-session 5 max-session-per-user 2 task-hiwat 9 task-lowat 3 task-release 1",
        "scheduler limit max-inflight 5 max-schedule 1 max-evp-batch-size 1 max-msg-batch-size 2",
        "admd " + quotedOrNot("example.org"),
        "srs ttl " + oneOf({"4d", "\"1d\""}),
        "include \"" + m_files.included + '"',
    };
    for (const QByteArray& line : lines) {
        if (chance(25))
            add(line);
    }
    if (chance(60)) {
        add("srs key " + quotedOrNot("secret"));
        m_hasSrsKey = true;
        if (chance(30))
            add("srs key backup \"older\"");
    }
    for (const QByteArray& name : {QByteArray("w1"), QByteArray("w2")}) {
        if (chance(40)) {
            add("mda wrapper " + name + " \"/bin/wrap %{mda}\"");
            m_wrappers.append(name);
        }
    }
}

void ConfigGenerator::certificates() {
    const QByteArray name = quotedOrNot("mx.example.org");
    if (chance(50)) {
        add("pki " + name + " cert \"" + m_files.cert + "\" key \"" + m_files.key + '"' + (chance(30) ? " dhe auto" : ""));
    } else {
        add("pki " + name + " cert \"" + m_files.cert + '"');
        add("pki MX.example.org key \"" + m_files.key + '"');
        if (chance(30))
            add("pki " + name + " dhe " + oneOf({"none", "legacy", "\"Auto\""}));
    }
    add("ca " + quotedOrNot("roots") + " cert \"" + m_files.ca + '"');
}

void ConfigGenerator::tables() {
    for (const QByteArray& name : {QByteArray("l1"), QByteArray("l2"), QByteArray("\"mbox\"")}) {
        if (chance(60)) {
            add("table " + name + ' ' + braces(chance(50) ? kDomains : kAddresses));
            m_lists.append(name);
        }
    }
    for (const QByteArray& name : {QByteArray("m1"), QByteArray("m2")}) {
        if (chance(60)) {
            add("table " + name + ' ' + mapping());
            m_mappings.append(name);
        }
    }
    if (chance(30)) {
        add("table f1 " + oneOf({"\"" + m_files.table + "\"", "file:" + m_files.table, "\"static:" + m_files.table + '"'}));
        m_mappings.append("f1");
    }
    if (chance(15))
        add("table accounts getpwnam");
}

void ConfigGenerator::filters() {
    if (chance(40)) {
        add("proc p1 \"/bin/cat\"" + options({"user root", "group root", "chroot \"/var\""}, 30));
        add("filter f0 proc p1");
        m_filters.append("f0");
    }
    if (chance(30)) {
        add("filter f1 proc-exec " + oneOf({"\"filter-x -v\"", "cat"}) + options({"user root", "group \"root\""}, 30));
        m_filters.append("f1");
    }
    static const QList<std::pair<QByteArray, QByteArrayList>> kPhases{
        {"connect", {}},
        {"helo", {"helo"}},
        {"ehlo", {"helo"}},
        {"auth", {"helo", "auth"}},
        {"mail-from", {"helo", "auth", "mail-from"}},
        {"rcpt-to", {"helo", "auth", "mail-from", "rcpt-to"}},
        {"data", {"helo", "auth", "mail-from"}},
        {"commit", {"helo", "auth", "mail-from"}},
    };
    for (const auto& [phase, words] : kPhases) {
        if (!chance(30))
            continue;
        QByteArrayList conditions{"fcrdns", "rdns", condition("rdns"), condition("src")};
        for (const QByteArray& word : words) {
            conditions.append(condition(word));
            if (word == "auth")
                conditions.append(word);
        }
        QByteArrayList decisions{"reject \"550 no\"", "disconnect \"421 bye\"", "rewrite \"x\"", "report \"seen\""};
        if (phase != "commit")
            decisions += {"junk", "bypass"};
        const QByteArray name = "f-" + phase;
        add("filter " + quotedOrNot(name) + " phase " + phase + " match " + oneOf({"", "! ", "!"}) + oneOf(conditions) + ' ' +
            oneOf(decisions));
        m_filters.append(name);
    }
    if (m_filters.size() > 1 && chance(50)) {
        add("filter c1 chain { " + m_filters[0] + oneOf({", ", " ", "\n"}) + m_filters[1] + " }");
        m_chains.append("c1");
    }
}

QByteArray ConfigGenerator::condition(const QByteArray& word) {
    const QByteArrayList& items = word == "src"                                                       ? kAddresses
                                  : word == "mail-from" || word == "rcpt-to" || word == "auth" ? kMailboxes
                                                                                                      : kDomains;
    return chance(25) ? word + " regex " + listTable(kExpressions) : word + ' ' + listTable(items);
}

void ConfigGenerator::listeners() {
    const int count = m_random.bounded(0, 4);
    for (int i = 0; i < count; ++i) {
        const bool hasTls = chance(60);
        const QByteArray interface = oneOf({"lo", "127.0.0.1", "\"::1\"", "$lo", "localhost", "$ipstart.0.1"});
        QByteArrayList all{interface.contains("::") ? "inet6" : "inet4",
                           "port " + oneOf({"25", "smtp", "smtps", "submission", "$smtpport", "65535"}),
                           "hostname " + quotedOrNot("mail.example.org"),
                           "hostnames " + mappingTable(),
                           "mask-src",
                           "no-dsn",
                           "proxy-v2",
                           "received-auth",
                           "senders " + mappingTable() + oneOf({"", " masquerade"}),
                           "tag " + quotedOrNot("DEVICES")};
        if (!m_filters.isEmpty())
            all.append("filter " + (chance(50) ? oneOf(m_filters + m_chains) : "{ " + oneOf(m_filters) + " }"));
        QByteArray tls;
        if (hasTls) {
            tls = ' ' + oneOf({"tls", "tls-require", "tls-require verify", "smtps", "smtps verify"});
            all += {"pki mx.example.org", "ca roots",
                    oneOf({"auth", "auth-optional"}) + oneOf({"", " " + mappingTable(), " " + listTable(kDomains)})};
        }
        add("listen on " + interface + tls + options(all, 25));
    }
    if (chance(25))
        add("listen on socket" + options({"mask-src", "tag LOCAL", m_filters.isEmpty() ? "" : "filter " + oneOf(m_filters)}, 50));
}

void ConfigGenerator::actions() {
    const int count = m_random.bounded(1, 5);
    for (int i = 0; i < count; ++i) {
        const QByteArray name = "a" + QByteArray::number(i);
        m_actions.append(name);
        QByteArrayList local{oneOf({"alias ", "virtual "}) + mappingTable(), "userbase " + mappingTable(), "user root"};
        if (!m_wrappers.isEmpty())
            local.append("wrapper " + oneOf(m_wrappers));
        QByteArrayList relay{"helo " + quotedOrNot("mail.example.org"),
                             "helo-src " + mappingTable(),
                             "src " + listTable(kAddresses),
                             "tls" + oneOf({"", " no-verify"}),
                             "pki mx.example.org",
                             "ca roots",
                             "mail-from " + oneOf(kMailboxes)};
        if (!m_filters.isEmpty())
            relay.append("filter " + oneOf(m_filters));
        if (m_hasSrsKey)
            relay.append("srs");
        const QByteArray host = oneOf({"", "host " + listTable(kRelays), "domain " + mappingTable(), "backup", "backup mx x"});
        const bool hasHost = host.startsWith('h') || host.startsWith('d');
        const QByteArray user = local.takeAt(2);
        static const QByteArrayList kNoUser{"mbox", "expand-only", "forward-only"};
        const QByteArray localMethod =
            oneOf({"mbox", "maildir", "maildir junk", "maildir \"~/Mail\"", "maildir \"/m/%{user.username}\" junk",
                   "mda \"/bin/cat -\"", "lmtp localhost:24", "lmtp \"/run/l\" rcpt-to", "expand-only", "forward-only"});
        const QByteArray method =
            chance(50) ? localMethod + options(kNoUser.contains(localMethod) ? local : local + QByteArrayList{user}, 35)
                       : "relay" + options(relay, 15) + (host.isEmpty() ? "" : ' ' + host) +
                             (hasHost && chance(40) ? " auth " + mappingTable() : "");
        add("action " + quotedOrNot(name) + ' ' + method + (chance(20) ? " ttl " + time() : ""));
    }
    if (m_text.contains("noted =") && chance(50)) {
        add("action noted $noted");
        m_actions.append("noted");
    }
}

void ConfigGenerator::matches() {
    const int count = m_random.bounded(1, 6);
    for (int i = 0; i < count; ++i) {
        const QByteArray no = oneOf({"", "", "", "! ", "!"});
        const QByteArray from =
            oneOf({"", "from any", "from local", "from socket", "from " + condition("src"), "from src $net", "from rdns",
                   "from " + condition("rdns"), "from auth", "from " + condition("auth"), "from " + condition("mail-from")});
        const QByteArray to =
            oneOf({"", "for any", "for local", "for " + condition("domain"), "for " + condition("rcpt-to")});
        QByteArrayList others{condition("tag"), condition("helo"), "tls"};
        if (!from.contains("auth"))
            others.append(oneOf({"auth", condition("auth")}));
        if (!from.contains("mail-from"))
            others.append(condition("mail-from"));
        if (!to.contains("rcpt-to"))
            others.append(condition("rcpt-to"));
        QByteArray middle = options(others, 15);
        if (!from.isEmpty())
            middle = chance(50) ? ' ' + no + from + middle : middle + ' ' + no + from;
        if (!to.isEmpty())
            middle = chance(50) ? ' ' + to + middle : middle + ' ' + to;
        add("match" + middle + ' ' + (chance(15) ? "reject" : "action " + quotedOrNot(oneOf(m_actions))));
    }
    if (chance(10))
        add("match $half any reject");
}

QByteArray ConfigGenerator::good() {
    macros();
    settings();
    certificates();
    tables();
    filters();
    listeners();
    actions();
    matches();
    if (chance(10))
        m_text.chop(1); // no newline at the end
    return m_text;
}

QByteArray ConfigGenerator::mutated(const QByteArray& text) {
    QByteArrayList lines = text.split('\n');
    const int count = m_random.bounded(1, 4);
    for (int i = 0; i < count; ++i) {
        const int at = m_random.bounded(int(lines.size()));
        QByteArrayList words = lines[at].split(' ');
        const int word = m_random.bounded(int(words.size()));
        switch (m_random.bounded(14)) {
        case 0: // drop a word
            words.removeAt(word);
            break;
        case 1: // say one twice
            words.insert(word, words[word]);
            break;
        case 2: // swap two
            words.swapItemsAt(word, m_random.bounded(int(words.size())));
            break;
        case 3: // another one instead
            words[word] = oneOf(kWords);
            break;
        case 4: // one more
            words.insert(word, oneOf(kWords));
            break;
        case 5: // quotes around it or away
            words[word] = words[word].contains('"') ? words[word].replace("\"", "") : '"' + words[word] + '"';
            break;
        case 6: { // a byte away
            if (!lines[at].isEmpty())
                lines[at].remove(m_random.bounded(int(lines[at].size())), 1);
            continue;
        }
        case 7: { // a byte more
            const QByteArray bytes = " \t\"'{}<>!=,#\\$/-x1\r";
            lines[at].insert(m_random.bounded(int(lines[at].size()) + 1), bytes[m_random.bounded(int(bytes.size()))]);
            continue;
        }
        case 8: // a line twice
            lines.insert(at, lines[at]);
            continue;
        case 9: // a line away
            lines.removeAt(at);
            if (lines.isEmpty())
                lines.append(QByteArray());
            continue;
        case 10: // a line elsewhere
            lines.insert(m_random.bounded(int(lines.size())), lines.takeAt(at));
            continue;
        case 11: // two lines in one
            if (at + 1 < lines.size())
                lines[at] += ' ' + lines.takeAt(at + 1);
            continue;
        case 12: // one line in two
            words[word] += '\n';
            break;
        case 13: // through a macro
            lines[at] = words.mid(0, word).join(' ') + " $m" + (word + 1 < words.size() ? " " : "") +
                        words.mid(word + 1).join(' ');
            lines.insert(at, "m = \"" + QByteArray(words[word]).replace("\"", "\\\"") + '"');
            continue;
        }
        lines[at] = words.join(' ');
    }
    return lines.join('\n');
}

} // namespace postern::test
