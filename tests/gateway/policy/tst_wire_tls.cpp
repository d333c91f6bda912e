// SPDX-License-Identifier: GPL-3.0-or-later
//
// URL, era and the rule's words together: is TLS used, and must the certificate check out?
#include "policy/wire_tls.h"

#include <QTest>

using namespace postern::policy;

class TestWireTls : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void outcome_data();
    void outcome();
};

void TestWireTls::outcome_data() {
    QTest::addColumn<int>("era");
    QTest::addColumn<QByteArray>("url");   // "" = by MX
    QTest::addColumn<QByteArray>("words"); // of the rule: tls, verify, no-verify
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](Era era, const char* url, const char* words, const char* expected) {
        QTest::addRow("%d %s %s", int(era), url, words)
            << int(era) << QByteArray(url) << QByteArray(words) << QByteArray(expected);
    };
    row(Era::Modern, "", "", "opportunistic");
    row(Era::Modern, "", "tls", "required verify");
    row(Era::Modern, "", "tls no-verify", "required");
    row(Era::Modern, "smtp://h", "", "opportunistic");
    row(Era::Modern, "smtp://h", "tls", "required verify");
    row(Era::Modern, "smtp://h", "tls no-verify", "required");
    row(Era::Modern, "smtp+tls://h", "", "required verify");
    row(Era::Modern, "smtp+tls://h", "tls", "required verify");
    row(Era::Modern, "smtp+tls://h", "tls no-verify", "required");
    row(Era::Modern, "smtps://h", "", "wrapped verify");
    row(Era::Modern, "smtps://h", "tls no-verify", "wrapped");
    row(Era::Modern, "smtp+notls://h", "", "none");
    row(Era::Modern, "smtp+notls://h", "tls", "none impossible");
    row(Era::Modern, "lmtp://h:24", "tls", "none impossible");
    row(Era::Legacy, "", "", "opportunistic");
    row(Era::Legacy, "", "tls", "required");
    row(Era::Legacy, "", "tls verify", "required verify");
    row(Era::Legacy, "smtp://h", "", "none");
    row(Era::Legacy, "tls://h", "", "required");
    row(Era::Legacy, "tls://h", "verify", "required verify");
    row(Era::Legacy, "smtps://h", "", "wrapped");
    row(Era::Legacy, "smtps://h", "verify", "wrapped verify");
    row(Era::Legacy, "secure://h", "verify", "either verify");
    row(Era::Map2012, "tls://h", "", "required");
    row(Era::Map2012, "smtps://h", "", "wrapped");
    row(Era::Map2012, "ssl://h", "", "either");
}

void TestWireTls::outcome() {
    QFETCH(int, era);
    QFETCH(QByteArray, url);
    QFETCH(QByteArray, words);
    RelaySpec spec;
    spec.era = Era(era);
    if (!url.isEmpty())
        spec.urls.push_back(*RelayUrl::parse(url, spec.era));
    for (const QByteArray& word : words.split(' ')) {
        if (word == "tls")
            spec.tlsRequired = true;
        else if (word == "verify" || word == "no-verify")
            spec.verify = word == "verify";
    }
    const WireTls wire = wireTls(spec, spec.urls.empty() ? nullptr : &spec.urls.front());
    QByteArray shown = toString(wire.use).toByteArray();
    if (wire.verify)
        shown += " verify";
    if (!wire.impossible.isEmpty())
        shown += " impossible";
    QTEST(shown, "expected");
}

QTEST_APPLESS_MAIN(TestWireTls)
#include "tst_wire_tls.moc"
