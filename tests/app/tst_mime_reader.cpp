// SPDX-License-Identifier: GPL-3.0-or-later
//
// Reading strangers' mail: decoded where the RFCs say how, harmless and bounded where they lie.
#include "window/caught/mime_reader.h"

#include <QRegularExpression>
#include <QStringDecoder>
#include <QTest>

using namespace postern::window;
using namespace Qt::StringLiterals;

namespace {

QByteArray nested(int depth) {
    QByteArray mail = "Subject: deep\r\n";
    for (int i = 0; i < depth; ++i) {
        const QByteArray b = "b" + QByteArray::number(i);
        mail += "Content-Type: multipart/mixed; boundary=" + b + "\r\n\r\n--" + b + "\r\n";
    }
    return mail + "Content-Type: text/plain\r\n\r\ninnermost\r\n";
}

} // namespace

class TestMimeReader final : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void init() { QTest::failOnWarning(QRegularExpression(u".*"_s)); }

    void headerWords_data() {
        QTest::addColumn<QByteArray>("field");
        QTest::addColumn<QString>("shown");
        // examples of RFC 2047 §8 first
        QTest::addRow("rfc2047 8 one word") << QByteArray("=?ISO-8859-1?Q?a?=") << u"a"_s;
        QTest::addRow("rfc2047 8 a word and plain text") << QByteArray("=?ISO-8859-1?Q?a?= b") << u"a b"_s;
        QTest::addRow("rfc2047 8 space between words is not shown") << QByteArray("=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=") << u"ab"_s;
        QTest::addRow("rfc2047 8 two spaces neither") << QByteArray("=?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?=") << u"ab"_s;
        QTest::addRow("rfc2047 8 encoded space stays") << QByteArray("=?ISO-8859-1?Q?a_b?=") << u"a b"_s;
        QTest::addRow("rfc2047 8 space and word") << QByteArray("=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=") << u"a b"_s;
        QTest::addRow("rfc2047 Latin letters") << QByteArray("=?ISO-8859-1?Q?Andr=E9?= Pirard") << u"André Pirard"_s;
        QTest::addRow("base64 utf-8") << QByteArray("=?utf-8?B?w6TDtsO8?=") << u"äöü"_s;
        QTest::addRow("a letter cut between two words") << QByteArray("=?utf-8?Q?=C3?= =?utf-8?Q?=A4?=") << u"ä"_s;
        QTest::addRow("rfc2231 language after the charset") << QByteArray("=?utf-8*en?Q?hi?=") << u"hi"_s;
        QTest::addRow("an unfinished word is shown as it came") << QByteArray("=?utf-8?Q?abc") << u"=?utf-8?Q?abc"_s;
        QTest::addRow("an unknown encoding is shown as it came") << QByteArray("=?utf-8?X?abc?=") << u"=?utf-8?X?abc?="_s;
        QTest::addRow("rfc6532 raw utf-8") << QByteArray("Gr\xc3\xbc\xc3\x9f" "e") << u"Grüße"_s;
        QTest::addRow("raw bytes that are not utf-8") << QByteArray("caf\xe9") << u"café"_s;
    }

    void headerWords() {
        QFETCH(QByteArray, field);
        QFETCH(QString, shown);
        QCOMPARE(mime::decodeWords(field), shown);
    }

    void quotedPrintable_data() {
        QTest::addColumn<QByteArray>("encoded");
        QTest::addColumn<QByteArray>("octets");
        QTest::addRow("rfc2045 6.7 escape") << QByteArray("a=3Db") << QByteArray("a=b");
        QTest::addRow("soft line end") << QByteArray("a=\r\nb") << QByteArray("ab");
        QTest::addRow("soft line end with space before it") << QByteArray("a= \t\r\nb") << QByteArray("ab");
        QTest::addRow("soft line end of a bare LF") << QByteArray("a=\nb") << QByteArray("ab");
        QTest::addRow("lower case escapes are taken too") << QByteArray("=c3=a4") << QByteArray("\xc3\xa4");
        QTest::addRow("not an escape stays") << QByteArray("1=2 =ZZ") << QByteArray("1=2 =ZZ");
        QTest::addRow("an equals sign at the end") << QByteArray("a=") << QByteArray("a");
    }

    void quotedPrintable() {
        QFETCH(QByteArray, encoded);
        QFETCH(QByteArray, octets);
        QCOMPARE(mime::fromQuotedPrintable(encoded), octets);
    }

    // The octets are what iconv(1) of the GNU C library makes of the words.
    void foreignCharsets_data() {
        QTest::addColumn<QByteArray>("charset");
        QTest::addColumn<QByteArray>("octets");
        QTest::addColumn<QString>("text");
        QTest::addRow("iso-8859-2") << QByteArray("iso-8859-2") << QByteArray::fromHex("e8b9be20a3f364bc") << u"čšž Łódź"_s;
        QTest::addRow("iso-8859-5") << QByteArray("iso-8859-5") << QByteArray::fromHex("bfe0d8d2d5e2") << u"Привет"_s;
        QTest::addRow("iso-8859-7") << QByteArray("iso-8859-7") << QByteArray::fromHex("c1e8deede1") << u"Αθήνα"_s;
        QTest::addRow("iso-8859-9") << QByteArray("iso-8859-9") << QByteArray::fromHex("dd7374616e62756c") << u"İstanbul"_s;
        QTest::addRow("windows-1250") << QByteArray("windows-1250") << QByteArray::fromHex("a3f3649f") << u"Łódź"_s;
        QTest::addRow("windows-1251") << QByteArray("windows-1251") << QByteArray::fromHex("cff0e8e2e5f2") << u"Привет"_s;
        QTest::addRow("windows-1253") << QByteArray("windows-1253") << QByteArray::fromHex("c1e8deede1") << u"Αθήνα"_s;
        QTest::addRow("windows-1254") << QByteArray("windows-1254") << QByteArray::fromHex("dd7374616e62756c") << u"İstanbul"_s;
        QTest::addRow("windows-1257") << QByteArray("windows-1257") << QByteArray::fromHex("d06961756c696169") << u"Šiauliai"_s;
        QTest::addRow("koi8-r") << QByteArray("koi8-r") << QByteArray::fromHex("f0d2c9d7c5d4") << u"Привет"_s;
        QTest::addRow("shift_jis") << QByteArray("shift_jis") << QByteArray::fromHex("93fa967b8cea") << u"日本語"_s;
        QTest::addRow("iso-2022-jp") << QByteArray("iso-2022-jp") << QByteArray::fromHex("1b2442467c4b5c386c1b2842") << u"日本語"_s;
        QTest::addRow("euc-jp") << QByteArray("euc-jp") << QByteArray::fromHex("c6fccbdcb8ec") << u"日本語"_s;
        QTest::addRow("gb2312") << QByteArray("gb2312") << QByteArray::fromHex("d6d0cec4") << u"中文"_s;
        QTest::addRow("gbk") << QByteArray("gbk") << QByteArray::fromHex("d6d0cec4") << u"中文"_s;
        QTest::addRow("gb18030") << QByteArray("gb18030") << QByteArray::fromHex("d6d0cec4") << u"中文"_s;
        QTest::addRow("big5") << QByteArray("big5") << QByteArray::fromHex("a4a4a4e5") << u"中文"_s;
        QTest::addRow("euc-kr") << QByteArray("euc-kr") << QByteArray::fromHex("c7d1b1db") << u"한글"_s;
        QTest::addRow("windows-1255") << QByteArray("windows-1255") << QByteArray::fromHex("f9ece5ed") << u"שלום"_s;
        QTest::addRow("windows-1256") << QByteArray("windows-1256") << QByteArray::fromHex("d3e1c7e3") << u"سلام"_s;
        QTest::addRow("tis-620") << QByteArray("tis-620") << QByteArray::fromHex("e4b7c2") << u"ไทย"_s;
    }

    void foreignCharsets() {
        QFETCH(QByteArray, charset);
        QFETCH(QByteArray, octets);
        QFETCH(QString, text);
        if (!QStringDecoder(charset.constData()).isValid())
            QSKIP("this Qt knows no alphabets but the Unicode ones (built without ICU)");
        bool isKnown = false;
        QCOMPARE(mime::textOf(octets, charset, &isKnown), text);
        QVERIFY(isKnown);
        const QByteArray word = "=?" + charset.toUpper() + "?B?" + octets.toBase64() + "?=";
        QCOMPARE(mime::decodeWords(word), text);
    }

    void charsets_data() {
        QTest::addColumn<QByteArray>("octets");
        QTest::addColumn<QByteArray>("charset");
        QTest::addColumn<QString>("text");
        QTest::addColumn<bool>("known");
        QTest::addRow("none named, utf-8 inside") << QByteArray("\xe2\x82\xac") << QByteArray() << u"€"_s << true;
        QTest::addRow("latin-1") << QByteArray("\xfc") << QByteArray("ISO-8859-1") << u"ü"_s << true;
        QTest::addRow("windows-1252 quotes") << QByteArray("\x93\x94") << QByteArray("windows-1252") << u"“”"_s << true;
        QTest::addRow("latin-9 euro") << QByteArray("\xa4") << QByteArray("iso-8859-15") << u"€"_s << true;
        QTest::addRow("utf-16le") << QByteArray("a\0b\0", 4) << QByteArray("utf-16le") << u"ab"_s << true;
        QTest::addRow("an alphabet nobody knows") << QByteArray("abc") << QByteArray("x-klingon") << u"abc"_s << false;
    }

    void charsets() {
        QFETCH(QByteArray, octets);
        QFETCH(QByteArray, charset);
        QFETCH(QString, text);
        QFETCH(bool, known);
        bool isKnown = !known;
        QCOMPARE(mime::textOf(octets, charset, &isKnown), text);
        QCOMPARE(isKnown, known);
    }

    void parameters_data() {
        QTest::addColumn<QByteArray>("field");
        QTest::addColumn<QByteArray>("name");
        QTest::addColumn<QString>("value");
        QTest::addRow("quoted, with a semicolon inside") << QByteArray("a/b; name=\"x;y.txt\"") << QByteArray("name") << u"x;y.txt"_s;
        QTest::addRow("rfc2231 3 continuations") << QByteArray("m/e; url*0=\"ftp://\"; url*1=\"cs.example/pub\"") << QByteArray("url") << u"ftp://cs.example/pub"_s;
        QTest::addRow("rfc2231 4 charset") << QByteArray("a/x; title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A") << QByteArray("title") << u"This is ***fun***"_s;
        QTest::addRow("rfc2231 both, out of order") << QByteArray("a/x; t*1=b; t*0*=utf-8''%C3%A4") << QByteArray("t") << u"äb"_s;
        QTest::addRow("encoded word in quotes, as many mailers write") << QByteArray("a/x; name=\"=?utf-8?Q?=C3=A4.txt?=\"") << QByteArray("name") << u"ä.txt"_s;
        QTest::addRow("not there") << QByteArray("text/plain") << QByteArray("charset") << QString();
    }

    void parameters() {
        QFETCH(QByteArray, field);
        QFETCH(QByteArray, name);
        QFETCH(QString, value);
        QCOMPARE(mime::parameter(field, name), value);
    }

    void htmlBecomesPlainTextAndNothingElse_data() {
        QTest::addColumn<QString>("html");
        QTest::addColumn<QString>("text");
        QTest::addRow("paragraphs") << u"<p>Hello</p><p>World</p>"_s << u"Hello\n\nWorld"_s;
        QTest::addRow("G06 scripts and styles are dropped") << u"<style>p{}</style>a<script>alert(1)</script>b"_s << u"ab"_s;
        QTest::addRow("G06 remote images leave nothing") << u"a<img src=\"http://x.example/p.png\" onerror=run()>b"_s << u"ab"_s;
        QTest::addRow("G06 a link shows where it leads") << u"<a href=\"javascript:x()\">Click</a>"_s << u"Click <javascript:x()>"_s;
        QTest::addRow("entities") << u"&lt;b&gt; &amp; &#8364; &#x41; &unknown;"_s << u"<b> & € A &unknown;"_s;
        QTest::addRow("comments vanish") << u"a<!-- <p>x</p> -->b"_s << u"ab"_s;
        QTest::addRow("white space folds") << u"a \n\t b"_s << u"a b"_s;
        QTest::addRow("an unfinished tag ends the text") << u"abc<img src="_s << u"abc"_s;
        QTest::addRow("a head without an end hides nothing") << u"<head><title>t</title><body>text"_s << u"text"_s;
    }

    void htmlBecomesPlainTextAndNothingElse() {
        QFETCH(QString, html);
        QFETCH(QString, text);
        QCOMPARE(mime::plainFromHtml(html), text);
    }

    void aPlainMessageIsRead() {
        const auto mail = mime::read("From: a@x.example\r\nTo: b@x.example,\r\n c@x.example\r\nSubject: Hi\r\n"
                                     "Date: Thu, 19 Nov 2026 14:12:40 +0000\r\n\r\nline one\r\nline two\r\n");
        QCOMPARE(mail.from, u"a@x.example"_s);
        QCOMPARE(mail.to, u"b@x.example, c@x.example"_s);
        QCOMPARE(mail.subject, u"Hi"_s);
        QCOMPARE(mail.text, u"line one\r\nline two\r\n"_s);
        QVERIFY(mail.attachments.isEmpty());
        QVERIFY(mail.notes.isEmpty());
    }

    void plainIsPreferredToHtml() {
        const auto mail = mime::read("Content-Type: multipart/alternative; boundary=b\r\n\r\npreamble\r\n--b\r\n"
                                     "Content-Type: text/html\r\n\r\n<p>html</p>\r\n--b\r\n"
                                     "Content-Type: text/plain\r\n\r\nplain\r\n--b--\r\nepilogue\r\n");
        QCOMPARE(mail.text, u"plain"_s);
        QVERIFY(mail.notes.isEmpty());
    }

    void htmlAloneIsShownAsTextAndSaysSo() {
        const auto mail = mime::read("Content-Type: text/html; charset=utf-8\r\n\r\n<b>Hello</b> <i>you</i>");
        QCOMPARE(mail.text, u"Hello you"_s);
        QCOMPARE(mail.notes, QList<MailNote>{MailNote::FromHtml});
    }

    void attachmentsAreDecodedAndNamed() {
        const auto mail = mime::read("Content-Type: multipart/mixed; boundary=\"x y\"\r\n\r\n--x y\r\n\r\ntext\r\n--x y\r\n"
                                     "Content-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
                                     "aGVs\r\nbG8=\r\n--x y--\r\n");
        QCOMPARE(mail.text, u"text"_s);
        QCOMPARE(mail.attachments.size(), 1);
        QCOMPARE(mail.attachments.first().name, u"a.pdf"_s);
        QCOMPARE(mail.attachments.first().type, QByteArray("application/pdf"));
        QCOMPARE(mail.attachments.first().content, QByteArray("hello"));
    }

    void aTextFileThatIsAttachedIsNotTheText() {
        const auto mail = mime::read("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nbody\r\n--b\r\n"
                                     "Content-Type: text/plain\r\nContent-Disposition: attachment; filename=log.txt\r\n\r\nlog\r\n--b--\r\n");
        QCOMPARE(mail.text, u"body"_s);
        QCOMPARE(mail.attachments.size(), 1);
    }

    void aBoundaryThatOnlyBeginsAlikeIsText() {
        const auto mail = mime::read("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n--bb is no boundary\r\n--b--\r\n");
        QCOMPARE(mail.text, u"--bb is no boundary"_s);
    }

    void aMissingLastBoundaryLosesNothing() {
        QCOMPARE(mime::read("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ncut off here").text, u"cut off here"_s);
    }

    void aMultipartWithoutABoundaryIsShownAsItCame() {
        QCOMPARE(mime::read("Content-Type: multipart/mixed\r\n\r\njust text").text, u"just text"_s);
    }

    // RFC 5322 §3.6: once each. Programs differ in which one they show, so all are, or none is followed.
    void S21_whatIsSaidTwiceIsNotBelieved_data() {
        QTest::addColumn<QByteArray>("message");
        QTest::addColumn<QString>("from");
        QTest::addColumn<QString>("text");
        QTest::addColumn<int>("attachments");
        QTest::addColumn<bool>("isDoubled");
        const QByteArray from = "From: a@good.test\r\n";
        QTest::addRow("nothing twice") << from + "Content-Type: text/plain\r\n\r\nhello" << u"a@good.test"_s << u"hello"_s << 0 << false;
        QTest::addRow("two From") << from + "FROM : b@bank.test\r\n\r\nhello" << u"a@good.test, b@bank.test"_s << u"hello"_s << 0 << true;
        QTest::addRow("two From, the second one folded") << from + "From:\r\n b@bank.test\r\n\r\nhello" << u"a@good.test, b@bank.test"_s << u"hello"_s << 0 << true;
        QTest::addRow("two types, an attachment in one reading") << from + "Content-Type: text/plain\r\nContent-Type: application/x-msdownload; name=a.exe\r\n\r\nMZ" << u"a@good.test"_s << u"MZ"_s << 0 << true;
        QTest::addRow("two types, parts in one reading") << from + "Content-Type: multipart/mixed; boundary=b\r\nContent-Type: text/plain\r\n\r\n--b\r\n\r\none\r\n--b--" << u"a@good.test"_s << u"--b\n\none\n--b--"_s << 0 << true;
        QTest::addRow("two codings") << from + "Content-Transfer-Encoding: base64\r\nContent-Transfer-Encoding: 7bit\r\n\r\naGk=" << u"a@good.test"_s << u"aGk="_s << 0 << true;
        QTest::addRow("two names in two dispositions of a part") << from + "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=a.pdf\r\nContent-Disposition: attachment; filename=a.exe\r\n\r\nx\r\n--b--" << u"a@good.test"_s << QString() << 1 << true;
    }
    void S21_whatIsSaidTwiceIsNotBelieved() {
        QFETCH(QByteArray, message);
        QFETCH(bool, isDoubled);
        const ReadMail mail = mime::read(message);
        QTEST(mail.from, "from");
        QTEST(QString(mail.text).remove(u'\r').trimmed(), "text");
        QTEST(int(mail.attachments.size()), "attachments");
        QCOMPARE(mail.notes.contains(MailNote::DoubledField), isDoubled);
        for (const MailAttachment& one : mail.attachments)
            QVERIFY(one.name.isEmpty() || !isDoubled); // neither of the two
    }

    void nestingIsBounded() {
        QCOMPARE(mime::read(nested(10)).text.trimmed(), u"innermost"_s);
        const auto bomb = mime::read(nested(5000));
        QVERIFY(bomb.notes.contains(MailNote::TooDeep));
        QVERIFY(bomb.text.isEmpty());
    }

    void partsAreBounded() {
        QByteArray mail = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";
        for (int i = 0; i < 5000; ++i)
            mail += "--b\r\nContent-Type: image/png\r\n\r\nx\r\n";
        const auto read = mime::read(mail + "--b--\r\n");
        QVERIFY(read.notes.contains(MailNote::TooManyParts));
        QVERIFY(read.attachments.size() <= mime::kMostParts);
    }

    void hugeTextIsCutAndSaysSo() {
        const auto mail = mime::read("Subject: big\r\n\r\n" + QByteArray(3'000'000, 'x'));
        QCOMPARE(mail.text.size(), mime::kMostText);
        QVERIFY(mail.notes.contains(MailNote::TextCut));
    }

    void anyCutOfAMessageGivesAResult() {
        const QByteArray whole = "Subject: =?utf-8?B?w6Q=?=\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
                                 "Content-Transfer-Encoding: quoted-printable\r\n\r\na=C3=A4\r\n--b\r\n"
                                 "Content-Type: text/html\r\n\r\n<p>&amp;</p>\r\n--b--\r\n";
        for (qsizetype n = 0; n <= whole.size(); ++n)
            QVERIFY(mime::read(whole.left(n)).text.size() <= whole.size());
    }
};

QTEST_GUILESS_MAIN(TestMimeReader)
#include "tst_mime_reader.moc"
