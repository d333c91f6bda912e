// SPDX-License-Identifier: GPL-3.0-or-later
//
// Whole configurations before and after. The pairs are those that checkers of OpenSMTPD 5.9, 6.0, 6.4, 6.6 and 7.8 agreed
// with; names of actions are free, everything else must be there, rule for rule and in this order.
#include "gateway/convert/conversion.h"

#include <QTest>

using namespace postern;
using config::Target;

namespace {

const QByteArray kPlainHost = "table aliases file:/etc/mail/aliases\n"
                              "listen on lo\n"
                              "accept for local alias <aliases> deliver to mbox\n"
                              "accept for any relay\n";

const QByteArray kSmarthost =
    "table creds file:/etc/mail/creds\n"
    "table srcs { \"192.0.2.10\", \"192.0.2.11\" }\n"
    "table names { \"192.0.2.10\" = \"out1.example.org\", \"192.0.2.11\" = \"out2.example.org\" }\n"
    "listen on lo\n"
    "accept for any relay via \"tls+auth://isp@mail.isp.example\" auth <creds> verify source <srcs> hostnames <names> "
    "as \"@example.org\"\n";

const QByteArray kExchanger =
    "table lists { \"announce@lists.example\", \"@sub.lists.example\" }\n"
    "table vdoms { \"example.org\", \"example.net\" }\n"
    "table vmap file:/etc/mail/virtual\n"
    "table bad { \"192.0.2.0/24\" }\n"
    "table shunned { \"@spam.example\" }\n"
    "expire 5d\n"
    "bounce-warn 1h, 12h\n"
    "max-message-size 50M\n"
    "limit session max-rcpt 200\n"
    "limit mta for domain \"big.example\" max-conn-per-host 2\n"
    "listen on lo port 2525 tag INBOUND\n"
    "reject from source <bad>\n"
    "reject from any sender <shunned> for any\n"
    "accept tagged INBOUND from any for domain <vdoms> virtual <vmap> deliver to maildir \"~/Mail/%{user.username}\"\n"
    "accept from any for domain \"lists.example\" recipient <lists> deliver to mda \"/usr/local/bin/listd %{dest.user}\" "
    "as \"list\" expire 2h\n"
    "accept from any for domain \"old.example\" relay backup \"mx2.example.org\"\n"
    "accept sender \"@corp.example\" for any relay via \"tls://smart.example.net:587\" hostname \"gw.example.org\"\n"
    "accept for any relay\n";

const QByteArray kNegations = "table u { \"ann\" = \"ann:1000:1000:/home/ann\" }\n"
                              "listen on lo\n"
                              "accept from ! source { \"10.0.0.0/8\" } for ! domain { \"example.org\" } relay\n"
                              "accept for domain \"lmtp.example\" userbase <u> deliver to lmtp \"/var/run/lmtp.sock\" rcpt-to\n"
                              "accept for local forward-only\n";

// No listener of these lets clients sign in, so the matches "from any auth" would never fit and are not written.
QByteArray withoutSignedIn(const QByteArray& text) {
    QByteArrayList lines;
    for (const QByteArray& line : text.split('\n')) {
        if (!line.startsWith("match from any auth "))
            lines.append(line);
    }
    return lines.join('\n');
}

} // namespace

class TestConvertPairs : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void pairs_data();
    void pairs();
    void actionsStandBeforeTheirRulesAndKeepReadableNames();
};

void TestConvertPairs::pairs_data() {
    QTest::addColumn<QByteArray>("before");
    QTest::addColumn<QByteArray>("after");
    QTest::addRow("plain host") << kPlainHost
                                << QByteArray("table aliases file:/etc/mail/aliases\n"
                                              "listen on lo\n"
                                              "action \"local_mail\" mbox alias <aliases>\n"
                                              "action \"outbound\" relay\n"
                                              "match from local for local action \"local_mail\"\n"
                                              "match from any auth for local action \"local_mail\"\n"
                                              "match from local for any action \"outbound\"\n"
                                              "match from any auth for any action \"outbound\"\n");
    QTest::addRow("authenticated smarthost, several addresses")
        << kSmarthost
        << QByteArray("table creds file:/etc/mail/creds\n"
                      "table srcs { \"192.0.2.10\", \"192.0.2.11\" }\n"
                      "table names { \"192.0.2.10\" = \"out1.example.org\", \"192.0.2.11\" = \"out2.example.org\" }\n"
                      "listen on lo\n"
                      "action \"isp\" relay host \"smtp+tls://isp@mail.isp.example\" auth <creds> src <srcs> helo-src <names> "
                      "mail-from \"@example.org\"\n"
                      "match from local for any action \"isp\"\n"
                      "match from any auth for any action \"isp\"\n");
    QTest::addRow("mail exchanger with most features")
        << kExchanger
        << QByteArray("table lists { \"announce@lists.example\", \"@sub.lists.example\" }\n"
                      "table vdoms { \"example.org\", \"example.net\" }\n"
                      "table vmap file:/etc/mail/virtual\n"
                      "table bad { \"192.0.2.0/24\" }\n"
                      "table shunned { \"@spam.example\" }\n"
                      "queue ttl 5d\n"
                      "bounce warn-interval 1h, 12h\n"
                      "smtp max-message-size 50M\n"
                      "smtp limit max-rcpt 200\n"
                      "mta limit for domain \"big.example\" max-conn-per-host 2\n"
                      "listen on lo port 2525 tag INBOUND\n"
                      "action \"a1\" maildir \"~/Mail/%{user.username}\" virtual <vmap>\n"
                      "action \"a2\" mda \"/usr/local/bin/listd %{dest.user}\" user \"list\" ttl 2h\n"
                      "action \"a3\" relay backup mx \"mx2.example.org\"\n"
                      "action \"a4\" relay host \"smtp+tls://smart.example.net:587\" tls no-verify helo \"gw.example.org\"\n"
                      "action \"a5\" relay\n"
                      "match from src <bad> for local reject\n"
                      "match from any mail-from <shunned> for any reject\n"
                      "match tag INBOUND from any for domain <vdoms> action \"a1\"\n"
                      "match from any for domain \"lists.example\" rcpt-to <lists> action \"a2\"\n"
                      "match from any for domain \"old.example\" action \"a3\"\n"
                      "match from local mail-from \"@corp.example\" for any action \"a4\"\n"
                      "match from any auth mail-from \"@corp.example\" for any action \"a4\"\n"
                      "match from local for any action \"a5\"\n"
                      "match from any auth for any action \"a5\"\n");
    QTest::addRow("negation, forward-only, userbase")
        << kNegations
        << QByteArray("table u { \"ann\" = \"ann:1000:1000:/home/ann\" }\n"
                      "listen on lo\n"
                      "action \"r\" relay\n"
                      "action \"f\" forward-only\n"
                      "action \"l\" lmtp \"/var/run/lmtp.sock\" rcpt-to userbase <u>\n"
                      "match !from src { \"10.0.0.0/8\" } !for domain { \"example.org\" } action \"r\"\n"
                      "match from local for domain \"lmtp.example\" action \"l\"\n"
                      "match from any auth for domain \"lmtp.example\" action \"l\"\n"
                      "match from local for local action \"f\"\n"
                      "match from any auth for local action \"f\"\n");
}

void TestConvertPairs::pairs() {
    QFETCH(QByteArray, before);
    QFETCH(QByteArray, after);
    for (const Target target : {Target::OpenSmtpd68, Target::OpenSmtpd78}) {
        const test::Conversion made = test::converted(before, target);
        QCOMPARE(test::meaning(made.text), test::meaning(withoutSignedIn(after)));
        QVERIFY2(!made.report.join('\n').contains(": lost: "), made.report.join('\n').constData());
    }
}

void TestConvertPairs::actionsStandBeforeTheirRulesAndKeepReadableNames() {
    const QByteArray withLogin = "pki gw cert \"/c\" key \"/k\"\nlisten on lo tls pki gw auth\n";
    QCOMPARE(test::converted("table aliases file:/etc/mail/aliases\n"
                             "pki gw certificate \"/c\" key \"/k\"\n"
                             "listen on lo tls pki gw auth\n"
                             "accept for local alias <aliases> deliver to mbox\n"
                             "accept for any relay\n",
                             Target::OpenSmtpd68)
                 .text,
             "table aliases file:/etc/mail/aliases\n" + withLogin +
                 "action \"local_mail\" mbox alias <aliases>\n"
                 "action \"outbound\" relay\n"
                 "match from local for local action \"local_mail\"\n"
                 "match from any auth for local action \"local_mail\"\n"
                 "match from local for any action \"outbound\"\n"
                 "match from any auth for any action \"outbound\"\n");
}

QTEST_GUILESS_MAIN(TestConvertPairs)
#include "tst_convert_pairs.moc"
