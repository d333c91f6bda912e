// SPDX-License-Identifier: GPL-3.0-or-later
//
// Reading along in the header: hops, subject, what is missing, what is no header; encoded words by RFC 2047 §8.
#include "smtp/header_scan.h"

#include <QTest>

using namespace postern::smtp;
using namespace Qt::StringLiterals;

namespace {

HeaderScan scan(const QByteArrayList& pieces) {
    HeaderScan out;
    for (const QByteArray& piece : pieces)
        out.feed(piece);
    out.finish();
    return out;
}

QByteArray summary(const HeaderScan& s) {
    return (s.isBroken() ? "broken "_ba : ""_ba) + "received=" + QByteArray::number(s.received()) +
           (s.hasDate() ? " date" : "") + (s.hasMessageId() ? " id" : "") + " subject=" + s.subject();
}

} // namespace

class TestHeaderScan : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void header_data() {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QByteArray>("expected");
        QTest::newRow("all there")
            << "Received: a\r\nDATE: x\r\nmessage-id: <a@b>\r\nSubject: Hello you\r\n\r\nReceived: body\r\n"_ba
            << "received=1 date id subject=Hello you"_ba;
        QTest::newRow("nothing at all") << ""_ba << "received=0 subject="_ba;
        QTest::newRow("an empty header is one") << "\r\nSubject: in the body\r\n"_ba << "received=0 subject="_ba;
        QTest::newRow("S14 first line begins with a blank") << " a: b\r\nSubject: x\r\n\r\n"_ba
                                                            << "broken received=0 subject="_ba;
        QTest::newRow("S14 first line begins with a tab") << "\ta: b\r\n\r\n"_ba << "broken received=0 subject="_ba;
        QTest::newRow("S14 first line has no colon") << "no header here\r\n"_ba << "broken received=0 subject="_ba;
        QTest::newRow("S14 empty name") << ": x\r\n\r\n"_ba << "broken received=0 subject="_ba;
        QTest::newRow("S14 blank in the name") << "From me: x\r\n\r\n"_ba << "broken received=0 subject="_ba;
        QTest::newRow("S14 8-bit name") << "\xfc: x\r\n\r\n"_ba << "broken received=0 subject="_ba;
        QTest::newRow("S14 first line without an end") << "no header"_ba << "broken received=0 subject="_ba;
        QTest::newRow("blanks before the colon are an old form") << "Subject : x\r\n\r\n"_ba << "received=0 subject=x"_ba;
        QTest::newRow("a later line without a colon ends the header")
            << "Subject: x\r\nrubbish\r\nDate: y\r\n\r\n"_ba << "received=0 subject=x"_ba;
        QTest::newRow("the first of two subjects") << "Subject: one\r\nSubject: two\r\n\r\n"_ba
                                                   << "received=0 subject=one"_ba;
        QTest::newRow("a folded subject") << "Subject: one\r\n two\r\n\tthree\r\nX: y\r\n four\r\n\r\n"_ba
                                          << "received=0 subject=one two three"_ba;
        QTest::newRow("names that only begin alike") << "Received-SPF: x\r\nSubject-X: y\r\nDated: z\r\n\r\n"_ba
                                                     << "received=0 subject="_ba;
        QTest::newRow("header without a body") << "Subject: x\r\nDate: y\r\n"_ba << "received=0 date subject=x"_ba;
    }

    void header() {
        QFETCH(const QByteArray, text);
        QFETCH(const QByteArray, expected);
        QCOMPARE(summary(scan({text})), expected);
        QByteArrayList bytes;
        for (const char c : text)
            bytes.append(QByteArray(1, c));
        QCOMPARE(summary(scan(bytes)), expected);
        for (qsizetype at = 1; at < text.size(); ++at)
            QCOMPARE(summary(scan({text.left(at), text.mid(at)})), expected);
    }

    void L07_receivedFieldsAreCounted() {
        QCOMPARE(scan({"Received: from a by b\r\n\tfolded\r\n"_ba.repeated(120)}).received(), 120);
    }

    void L06_aHugeHeaderTakesNoMemory() {
        HeaderScan s;
        s.feed("Subject: "_ba);
        const QByteArray block(1 << 16, 'x');
        for (int i = 0; i < 64; ++i)
            s.feed(block);
        s.feed("\r\nDate: y\r\n\r\n"_ba);
        QVERIFY(s.isOver());
        QVERIFY(s.hasDate());
        QCOMPARE(s.subject(), QByteArray(200, 'x'));
    }

    void subject_data() {
        QTest::addColumn<QByteArray>("raw");
        QTest::addColumn<QByteArray>("expected");
        const auto row = [](const char* name, const QByteArray& raw, const QByteArray& expected) {
            QTest::newRow(name) << raw << expected;
        };
        // RFC 2047 §8
        row("rfc2047 (a)", "(=?ISO-8859-1?Q?a?=)"_ba, "(a)"_ba);
        row("rfc2047 text between words keeps its blanks", "=?ISO-8859-1?Q?a?= b"_ba, "a b"_ba);
        row("rfc2047 blanks between words go", "=?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?="_ba, "ab"_ba);
        row("rfc2047 an encoded blank stays", "=?ISO-8859-1?Q?a_b?="_ba, "a b"_ba);
        row("rfc2047 two charsets", "=?ISO-8859-1?Q?a?= =?utf-8?Q?_b?="_ba, "a b"_ba);
        row("Q with UTF-8", "=?utf-8?q?caf=C3=A9?="_ba, "caf\xc3\xa9"_ba);
        row("B with UTF-8", "=?UTF-8?B?w7xiZXI=?="_ba, "\xc3\xbc" "ber"_ba);
        row("ISO-8859-1", "=?iso-8859-1?Q?=FCber?="_ba, "\xc3\xbc" "ber"_ba);
        row("Windows-1252 quotes", "=?windows-1252?Q?=93a=94?="_ba, "\xe2\x80\x9c" "a\xe2\x80\x9d"_ba);
        row("ISO-8859-15 euro", "=?iso-8859-15?Q?=A4?="_ba, "\xe2\x82\xac"_ba);
        row("a language tag", "=?us-ascii*en?Q?hi?="_ba, "hi"_ba);
        row("a character cut between two words", "=?utf-8?B?4oI=?= =?utf-8?B?rA==?="_ba, "\xe2\x82\xac"_ba);
        row("an unknown charset stays as written", "=?koi8-r?B?8NLJ?="_ba, "=?koi8-r?B?8NLJ?="_ba);
        row("an unknown coding stays as written", "=?utf-8?X?a?="_ba, "=?utf-8?X?a?="_ba);
        row("not closed", "=?utf-8?Q?abc"_ba, "=?utf-8?Q?abc"_ba);
        row("not even begun well", "=? =?? a =?utf-8?Q"_ba, "=? =?? a =?utf-8?Q"_ba);
        row("raw UTF-8", "\xc3\xbc"_ba, "\xc3\xbc"_ba);
        row("raw Latin-1", "\xfc"_ba, "\xc3\xbc"_ba);
        row("G02 controls become blanks", "a\x1b[31m=?utf-8?Q?=0D=0Ab=00?=c"_ba, "a [31m  b c"_ba);
        row("ill-formed UTF-8 in a word is replaced", "=?utf-8?Q?=FF?="_ba, "\xef\xbf\xbd"_ba);
        row("200 characters, not octets", "\xc3\xbc"_ba.repeated(300), "\xc3\xbc"_ba.repeated(200));
        row("a character outside the BMP counts once", "\xf0\x9f\x93\xa7"_ba.repeated(300), "\xf0\x9f\x93\xa7"_ba.repeated(200));
    }

    void subject() {
        QFETCH(const QByteArray, raw);
        QFETCH(const QByteArray, expected);
        QCOMPARE(decodedHeaderText(raw, 200), expected);
    }
};

QTEST_APPLESS_MAIN(TestHeaderScan)
#include "tst_header_scan.moc"
