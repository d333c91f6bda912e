// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/values.h"

#include <QTest>

using namespace postern::policy;

class TestValues : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void delays_data();
    void delays();
    void sizes_data();
    void sizes();
    void ports_data();
    void ports();
    void tlsProtocols_data();
    void tlsProtocols();
};

constexpr qint64 kNone = -1;

void TestValues::delays_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<qint64>("seconds");
    const auto row = [](const char* text, qint64 seconds) {
        QTest::addRow("\"%s\"", text) << QByteArray(text) << seconds;
    };
    for (const char* bad : {"", "4", "d", "0d", "-1d", "4w", "4 d", "1.5h", "4dd", "x4d"})
        row(bad, kNone);
    QTest::newRow("L11 100 years") << QByteArray("36500d") << kNone;
    QTest::newRow("L11 more than 64 bits") << QByteArray("99999999999999999999d") << kNone;
    row("1s", 1);
    row("15m", 900);
    row("12h", 43200);
    row("4d", 345600);
    row("3650d", 315360000);
}

void TestValues::delays() {
    QFETCH(QByteArray, text);
    QTEST(parseDelay(text).value_or(kNone), "seconds");
}

void TestValues::sizes_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<qint64>("octets");
    const auto row = [](const char* text, qint64 octets) {
        QTest::addRow("\"%s\"", text) << QByteArray(text) << octets;
    };
    for (const char* bad :
         {"", "M", "-1", "35MB", "35 M", "1..5M", ".5M", "1.M", "35X", "9E", "99999999999999999999"})
        row(bad, kNone);
    row("0", 0);
    row("1000", 1000);
    row("35M", 36700160);
    row("35m", 36700160);
    row("1.5K", 1536);
    row("2G", 2147483648);
    row("100B", 100);
    row("1E", 1152921504606846976);
}

void TestValues::sizes() {
    QFETCH(QByteArray, text);
    QTEST(parseSize(text).value_or(kNone), "octets");
}

void TestValues::ports_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<int>("port");
    const auto row = [](const char* text, int port) {
        QTest::addRow("\"%s\"", text) << QByteArray(text) << port;
    };
    for (const char* bad : {"", "65536", "-1", "submision", "25x"})
        row(bad, -1);
    row("0", 0);
    row("25", 25);
    row("65535", 65535);
    row("smtp", 25);
    row("smtps", 465);
    row("Submission", 587);
}

void TestValues::ports() {
    QFETCH(QByteArray, text);
    const auto port = parsePort(text);
    QTEST(port ? int(*port) : -1, "port");
}

// tls_config_parse_protocols(3): words between ',' or ':', a first "!" takes away from all.
void TestValues::tlsProtocols_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("spoken"); // "" = does not read
    QTest::addRow("one") << QByteArray("tlsv1.3") << QByteArray("1.3");
    QTest::addRow("two, in capitals, with a blank") << QByteArray("TLSv1.2, tlsv1.3") << QByteArray("1.2 1.3");
    QTest::addRow("colons") << QByteArray("tlsv1.2:tlsv1.3") << QByteArray("1.2 1.3");
    QTest::addRow("all but one") << QByteArray("!tlsv1.3") << QByteArray("1.2");
    QTest::addRow("secure without 1.2") << QByteArray("secure,!tlsv1.2") << QByteArray("1.3");
    QTest::addRow("legacy names older ones without asking for them") << QByteArray("legacy") << QByteArray("1.2 1.3");
    QTest::addRow("an older one beside a good one") << QByteArray("tlsv1.1,tlsv1.2") << QByteArray("1.2 older");
    QTest::addRow("only older ones") << QByteArray("tlsv1.0") << QByteArray("older");
    QTest::addRow("without the older ones") << QByteArray("all,!tlsv1.0,!tlsv1.1") << QByteArray("1.2 1.3");
    QTest::addRow("a slip") << QByteArray("tlsv1.4") << QByteArray();
    QTest::addRow("empty") << QByteArray() << QByteArray();
    QTest::addRow("a comma at the end") << QByteArray("tlsv1.2,") << QByteArray();
}

void TestValues::tlsProtocols() {
    QFETCH(QByteArray, text);
    QByteArrayList words;
    if (const auto read = parseTlsProtocols(text)) {
        if (read->tls12)
            words << "1.2";
        if (read->tls13)
            words << "1.3";
        if (read->olderNamed)
            words << "older";
    }
    QTEST(words.join(' '), "spoken");
}

QTEST_APPLESS_MAIN(TestValues)
#include "tst_values.moc"
