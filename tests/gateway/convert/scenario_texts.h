// SPDX-License-Identifier: GPL-3.0-or-later
//
// The small set-ups that Postern must run, in an old dialect and as they must read for OpenSMTPD 6.8.
// Thread: constant data.
#pragma once

#include <QByteArray>

#include <vector>

namespace postern::test {

struct ScenarioText {
    const char* name;
    QByteArray before;
    QByteArray after;  // for OpenSMTPD 6.8
    QByteArray report; // part of it; "" = nothing changed or lost
};

inline std::vector<ScenarioText> scenarioTexts() {
    return {
        {"S01 a macro for an address, two listeners, one with STARTTLS and sign-in",
         "office = \"127.0.0.1\"\n"
         "pki gw.example certificate \"/etc/ssl/gw.crt\"\n"
         "pki gw.example key \"/etc/ssl/private/gw.key\"\n"
         "table users file:/etc/mail/users\n"
         "listen on $office port 2525\n"
         "listen on $office port 2587 tls pki gw.example auth <users>\n"
         "accept from local for any relay\n",
         "office = \"127.0.0.1\"\n"
         "pki gw.example cert \"/etc/ssl/gw.crt\"\n"
         "pki gw.example key \"/etc/ssl/private/gw.key\"\n"
         "table users file:/etc/mail/users\n"
         "listen on $office port 2525\n"
         "listen on $office port 2587 tls pki gw.example auth <users>\n"
         "action \"outbound\" relay\n"
         "match from local for any action \"outbound\"\n"
         "match from any auth for any action \"outbound\"\n",
         ""},
        {"S02 the first match decides",
         "listen on 127.0.0.1\n"
         "reject from local for domain \"blocked.example\" # never\n"
         "accept from local for any relay\n",
         "listen on 127.0.0.1\n"
         "action \"outbound\" relay\n"
         "match from local for domain \"blocked.example\" reject # never\n"
         "match from local for any action \"outbound\"\n",
         ""},
        {"S03 a list of those who may not",
         "table unwanted db:/etc/mail/unwanted.db\n"
         "accept from ! source <unwanted> for domain \"example.org\" deliver to maildir \"/srv/mail/%{dest.user}\"\n",
         "table unwanted db:/etc/mail/unwanted.db\n"
         "action \"example.org\" maildir \"/srv/mail/%{dest.user}\"\n"
         "match !from src <unwanted> for domain \"example.org\" action \"example.org\"\n"
         "match from any auth for domain \"example.org\" action \"example.org\"\n",
         ""},
        {"S05 the full office",
         "# Addresses\n"
         "out = \"192.0.2.1\"\n"
         "\n"
         "queue compression\n"
         "queue encryption key 0123456789abcdef0123456789abcdef\n"
         "pki mx.example certificate \"/etc/ssl/mx.crt\" key \"/etc/ssl/mx.key\"\n"
         "pki sub.example certificate \"/etc/ssl/sub.crt\" key \"/etc/ssl/sub.key\"\n"
         "table people { root = ann, postmaster = ann }\n"
         "table users file:/etc/mail/users\n"
         "table vusers file:/etc/mail/vusers\n"
         "table sources { \"192.0.2.1\", \"192.0.2.2\" }\n"
         "table names { \"192.0.2.1\" = mx1.example, \"192.0.2.2\" = mx2.example }\n"
         "listen on lo\n"
         "listen on lo port 10029 tag SIGNED # from the signing proxy\n"
         "listen on lo port 25 tls pki mx.example hostname mx.example\n"
         "listen on lo port submission tls-require pki sub.example hostname sub.example auth <users> mask-source\n"
         "\n"
         "# Ours\n"
         "accept for local alias <people> deliver to mbox\n"
         "accept from any for domain \"example.org\" virtual <vusers> deliver to mda \"/usr/bin/lda -d %{user.username}\"\n"
         "# The rest\n"
         "accept tagged SIGNED for any relay source <sources> hostnames <names>\n"
         "accept for any relay via smtp://127.0.0.1:10028\n",
         "# Addresses\n"
         "out = \"192.0.2.1\"\n"
         "\n"
         "queue compression\n"
         "queue encryption 0123456789abcdef0123456789abcdef\n"
         "pki mx.example cert \"/etc/ssl/mx.crt\" key \"/etc/ssl/mx.key\"\n"
         "pki sub.example cert \"/etc/ssl/sub.crt\" key \"/etc/ssl/sub.key\"\n"
         "table people { root = ann, postmaster = ann }\n"
         "table users file:/etc/mail/users\n"
         "table vusers file:/etc/mail/vusers\n"
         "table sources { \"192.0.2.1\", \"192.0.2.2\" }\n"
         "table names { \"192.0.2.1\" = mx1.example, \"192.0.2.2\" = mx2.example }\n"
         "listen on lo\n"
         "listen on lo port 10029 tag SIGNED # from the signing proxy\n"
         "listen on lo port 25 tls pki mx.example hostname mx.example\n"
         "listen on lo port submission tls-require pki sub.example hostname sub.example auth <users> mask-src\n"
         "\n"
         "action \"local_mail\" mbox alias <people>\n"
         "action \"example.org\" mda \"/usr/bin/lda -d %{user.username}\" virtual <vusers>\n"
         "action \"outbound\" relay src <sources> helo-src <names>\n"
         "action \"127.0.0.1\" relay host \"smtp+notls://127.0.0.1:10028\"\n"
         "\n"
         "# Ours\n"
         "match from local for local action \"local_mail\"\n"
         "match from any auth for local action \"local_mail\"\n"
         "match from any for domain \"example.org\" action \"example.org\"\n"
         "# The rest\n"
         "match from local tag SIGNED for any action \"outbound\"\n"
         "match from any auth tag SIGNED for any action \"outbound\"\n"
         "match from local for any action \"127.0.0.1\"\n"
         "match from any auth for any action \"127.0.0.1\"\n",
         ""},
        {"S06 one relay for each schema",
         "table logins { l = \"ann:secret\" }\n"
         "listen on lo\n"
         "accept for domain \"a.example\" relay via smtp+tls://mx.example\n"
         "accept for domain \"b.example\" relay via tls://mx.example\n"
         "accept for domain \"c.example\" relay via smtps://mx.example\n"
         "accept for domain \"d.example\" relay via secure://mx.example\n"
         "accept for domain \"e.example\" relay via tls+auth://l@mx.example auth <logins>\n"
         "accept for domain \"f.example\" relay via smtps+auth://l@mx.example auth <logins>\n",
         "table logins { l = \"ann:secret\" }\n"
         "listen on lo\n"
         "action \"mx.example\" relay host \"smtp://mx.example\"\n"
         "action \"mx.example_2\" relay host \"smtp+tls://mx.example\" tls no-verify\n"
         "action \"mx.example_3\" relay host \"smtps://mx.example\" tls no-verify\n"
         "action \"l\" relay host \"smtp+tls://l@mx.example\" tls no-verify auth <logins>\n"
         "action \"l_2\" relay host \"smtps://l@mx.example\" tls no-verify auth <logins>\n"
         "match from local for domain \"a.example\" action \"mx.example\"\n"
         "match from local for domain \"b.example\" action \"mx.example_2\"\n"
         "match from local for domain \"c.example\" action \"mx.example_3\"\n"
         "match from local for domain \"d.example\" action \"mx.example_2\"\n"
         "match from local for domain \"e.example\" action \"l\"\n"
         "match from local for domain \"f.example\" action \"l_2\"\n",
         "lost: either way of TLS"},
        {"S07 a list of relays of 2012",
         "map \"upstreams\" source plain \"/etc/mail/upstreams\"\n"
         "accept for all relay via map \"upstreams\"\n",
         "table \"upstreams\" file:/etc/mail/upstreams\n"
         "action \"upstreams\" relay host <upstreams> tls no-verify\n"
         "match from local for any action \"upstreams\"\n"
         "match from any auth for any action \"upstreams\"\n",
         "lost: in the table's file write smtp+tls://mx3.example.net instead of tls://mx3.example.net"},
        {"S07 a list of relays",
         "table upstreams file:/etc/mail/upstreams\n"
         "listen on lo\n"
         "accept for any relay via <upstreams>\n",
         "table upstreams file:/etc/mail/upstreams\n"
         "listen on lo\n"
         "action \"upstreams\" relay host <upstreams> tls no-verify\n"
         "match from local for any action \"upstreams\"\n",
         "lost: in the table's file write smtp+tls://mx3.example.net instead of tls://mx3.example.net"},
        {"S07 fail-over is Postern's own",
         "table upstreams file:/etc/mail/upstreams\n"
         "listen on lo\n"
         "accept for any relay via <upstreams> order failover\n",
         "table upstreams file:/etc/mail/upstreams\n"
         "listen on lo\n"
         "action \"upstreams\" relay host <upstreams> tls no-verify\n"
         "match from local for any action \"upstreams\"\n",
         "lost: \"order\" can't be said in OpenSMTPD 6.8"},
        {"S10 labels are keys into a table of logins",
         "table secrets { office = \"carol:s3cret\", bulk = \"robot:pa55\" }\n"
         "listen on lo\n"
         "accept from local for domain \"partner.example\" relay via tls+auth://bulk@mx.example.net auth <secrets>\n"
         "accept from local for any relay via tls+auth://office@mx.example.net:587 auth <secrets>\n",
         "table secrets { office = \"carol:s3cret\", bulk = \"robot:pa55\" }\n"
         "listen on lo\n"
         "action \"bulk\" relay host \"smtp+tls://bulk@mx.example.net\" tls no-verify auth <secrets>\n"
         "action \"office\" relay host \"smtp+tls://office@mx.example.net:587\" tls no-verify auth <secrets>\n"
         "match from local for domain \"partner.example\" action \"bulk\"\n"
         "match from local for any action \"office\"\n",
         ""},
        {"S12 several addresses to send from",
         "table ours { \"192.0.2.1\", \"192.0.2.2\" }\n"
         "listen on lo\n"
         "accept for any relay source <ours> hostname out.example\n",
         "table ours { \"192.0.2.1\", \"192.0.2.2\" }\n"
         "listen on lo\n"
         "action \"outbound\" relay src <ours> helo out.example\n"
         "match from local for any action \"outbound\"\n",
         ""},
        {"S13 and S14 notices of delay, and a signing proxy",
         "bounce-warn 4h, 1d, 2d\n"
         "listen on lo port 2525\n"
         "listen on lo port 10029 tag SIGNED\n"
         "accept tagged SIGNED for any relay\n"
         "accept for any relay via smtp://127.0.0.1:10028\n",
         "bounce warn-interval 4h, 1d, 2d\n"
         "listen on lo port 2525\n"
         "listen on lo port 10029 tag SIGNED\n"
         "action \"outbound\" relay\n"
         "action \"127.0.0.1\" relay host \"smtp+notls://127.0.0.1:10028\"\n"
         "match from local tag SIGNED for any action \"outbound\"\n"
         "match from local for any action \"127.0.0.1\"\n",
         ""},
        {"S15 limits on how many connections a domain gets",
         "limit mta for domain \"big.example\" max-conn-per-host 2\n"
         "listen on lo\n"
         "accept for any relay\n",
         "mta limit for domain \"big.example\" max-conn-per-host 2\n"
         "listen on lo\n"
         "action \"outbound\" relay\n"
         "match from local for any action \"outbound\"\n",
         ""},
        {"S16 local submission",
         "listen on socket mask-source\n"
         "listen on lo\n"
         "accept tagged \"local\" for any relay\n",
         "listen on socket mask-src tag \"local\"\n"
         "listen on lo\n"
         "action \"outbound\" relay\n"
         "match from local tag \"local\" for any action \"outbound\"\n",
         ""},
        {"S17 the words before URLs",
         "map \"passwords\" source plain \"/etc/mail/passwords\"\n"
         "accept for all relay via \"mx.example.net\" port 587 tls certificate \"office\" auth \"passwords\" as \"scans@example.org\"\n",
         "table \"passwords\" file:/etc/mail/passwords\n"
         "pki office cert \"/etc/mail/certs/office.crt\" key \"/etc/mail/certs/office.key\"\n"
         "action \"mx.example.net\" relay host \"smtp+tls://mx.example.net@mx.example.net:587\" tls no-verify pki \"office\" "
         "auth <passwords> mail-from \"scans@example.org\"\n"
         "match from local for any action \"mx.example.net\"\n"
         "match from any auth for any action \"mx.example.net\"\n",
         "changed: the certificate was found by its name"},
    };
}

inline QByteArray scenarioUpstreams() {
    return "smtps://mx1.example.net\nsmtps://mx2.example.net\ntls://mx3.example.net\n";
}

} // namespace postern::test
