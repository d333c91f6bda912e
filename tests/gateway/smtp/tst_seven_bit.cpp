// SPDX-License-Identifier: GPL-3.0-or-later
//
// A message made fit for a peer that takes seven bits: what comes out, and what is left alone and why. Each message is fed
// in pieces of every length.
#include "smtp/seven_bit_encoder.h"

#include <QTest>

using namespace postern::smtp;
using namespace Qt::StringLiterals;

namespace {

struct Made {
    SevenBitPlan plan;
    QByteArray content;
};

Made make(const QByteArray& message, qsizetype piece) {
    Made made;
    MimeScan scan;
    for (qsizetype at = 0; at < message.size(); at += piece)
        scan.feed(QByteArrayView(message).sliced(at, std::min(piece, message.size() - at)));
    made.plan = scan.finish();
    SevenBitEncoder encoder(made.plan);
    for (qsizetype at = 0; at < message.size(); at += piece)
        encoder.feed(QByteArrayView(message).sliced(at, std::min(piece, message.size() - at)), made.content);
    encoder.finish(made.content);
    return made;
}

QByteArray lines(const char* text) {
    return QByteArray(text).replace("\n", "\r\n");
}

} // namespace

class TestSevenBit : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void leavesAlone_data() {
        QTest::addColumn<QByteArray>("message");
        QTest::addColumn<QByteArray>("why");
        const auto row = [](const char* name, const char* message, const char* why) {
            QTest::newRow(name) << lines(message) << QByteArray(why);
        };
        row("a DKIM signature", "DKIM-Signature: v=1; a=rsa-sha256\nSubject: x\n\n\xc3\xbc\n", "DKIM-Signature");
        row("RFC 1847 multipart/signed",
            "MIME-Version: 1.0\nContent-Type: multipart/signed; boundary=b\n\n--b\n\n\xc3\xbc\n--b--\n", "multipart/signed");
        row("RFC 1847 multipart/signed as a part",
            "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/signed; boundary=b\n\n"
            "--b\n\n\xc3\xbc\n--b--\n--a--\n", "multipart/signed");
        row("RFC 6532 a header beyond ASCII", "Subject: \xc3\xbc\n\nx\n", "header field");
        row("RFC 6532 the header of a part beyond ASCII",
            "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Description: \xc3\xbc\n\nx\n--b--\n",
            "header field");
        row("a part that is labelled quoted-printable and is not",
            "MIME-Version: 1.0\nContent-Transfer-Encoding: quoted-printable\n\n\xc3\xbc\n", "Content-Transfer-Encoding");
        row("an unknown coding", "MIME-Version: 1.0\nContent-Transfer-Encoding: x-uuencode\n\n\xc3\xbc\n",
            "Content-Transfer-Encoding");
        row("RFC 2046 5.2.2 message/partial", "MIME-Version: 1.0\nContent-Type: message/partial; id=x\n\n\xc3\xbc\n", "type message");
        row("a multipart without a boundary", "MIME-Version: 1.0\nContent-Type: multipart/mixed\n\n\xc3\xbc\n", "boundary");
        row("two boundaries", "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=a; boundary=b\n\n--a\n\n\xc3\xbc\n",
            "cannot be read");
        row("S21 two Content-Type fields",
            "MIME-Version: 1.0\nContent-Type: text/plain\nContent-Type: text/html\n\n\xc3\xbc\n", "two Content-Type");
        row("S21 two Content-Transfer-Encoding fields",
            "MIME-Version: 1.0\nContent-Transfer-Encoding: 8bit\nContent-Transfer-Encoding: 7bit\n\n\xc3\xbc\n",
            "two Content-Transfer-Encoding");
        row("octets in a preamble",
            "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n\xc3\xbc\n--b\n\nx\n--b--\n", "between the parts");
        row("octets in an epilogue",
            "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b--\n\xc3\xbc\n", "behind the last part");
        row("a type without MIME-Version", "Content-Type: text/html\n\n\xc3\xbc\n", "no MIME-Version");
    }
    void leavesAlone() {
        QFETCH(const QByteArray, message);
        QFETCH(const QByteArray, why);
        for (qsizetype piece = 1; piece < message.size(); ++piece) {
            const Made made = make(message, piece);
            QVERIFY2(made.plan.refusal.contains(why), made.plan.refusal.constData());
            QCOMPARE(made.content, message);
        }
    }

    void codes_data() { // RFC 6152 §3, RFC 2045 §6
        QTest::addColumn<QByteArray>("message");
        QTest::addColumn<QByteArray>("expected");
        const auto row = [](const char* name, const char* message, const char* expected) {
            QTest::newRow(name) << lines(message) << lines(expected);
        };
        row("a labelled text",
            "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\nSubject: x\n\n"
            "Gr\xc3\xbc\xc3\x9f" "e = \n",
            "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\nSubject: x\n\n"
            "Gr=C3=BC=C3=9Fe =3D=20\n");
        row("a text without a label",
            "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n\xc3\xbc\n",
            "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n=C3=BC\n");
        row("RFC 1428 a text from before MIME", "Subject: x\n\n\xfc\n",
            "Subject: x\nMIME-Version: 1.0\nContent-Type: text/plain; charset=unknown-8bit\n"
            "Content-Transfer-Encoding: quoted-printable\n\n=FC\n");
        row("what is no text",
            "MIME-Version: 1.0\nContent-Type: application/octet-stream\nContent-Transfer-Encoding: (raw) 8BIT\n\n\xff\xfe\n",
            "MIME-Version: 1.0\nContent-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n\n//4NCg==\n");
        row("only the part that needs it, and the labels around it",
            "MIME-Version: 1.0\nContent-Type: multipart/mixed;\n boundary=\"a b\"\nContent-Transfer-Encoding: 8bit\n\nold\n--a b\n\nplain\n"
            "--a b \nContent-Type: text/html\nContent-Transfer-Encoding:\n 8bit\n\n<b>\xc3\xbc</b>\n--a b\n"
            "Content-Type: application/pdf\n\n\x80\n\n--a b\nContent-Transfer-Encoding: 8bit\n\nascii\n--a b--\nend\n",
            "MIME-Version: 1.0\nContent-Type: multipart/mixed;\n boundary=\"a b\"\nContent-Transfer-Encoding: 7bit\n\nold\n--a b\n\nplain\n"
            "--a b \nContent-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\n<b>=C3=BC</b>\n--a b\n"
            "Content-Type: application/pdf\nContent-Transfer-Encoding: base64\n\ngA0K\n--a b\n"
            "Content-Transfer-Encoding: 7bit\n\nascii\n--a b--\nend\n");
        row("RFC 2046 5.2.1 a message in a message, never coded itself",
            "MIME-Version: 1.0\nContent-Type: message/rfc822\nContent-Transfer-Encoding: 8bit\n\nSubject: in\nMIME-Version: 1.0\n"
            "Content-Transfer-Encoding: 8bit\n\n\xc3\xbc\n",
            "MIME-Version: 1.0\nContent-Type: message/rfc822\nContent-Transfer-Encoding: 7bit\n\nSubject: in\nMIME-Version: 1.0\n"
            "Content-Transfer-Encoding: quoted-printable\n\n=C3=BC\n");
        row("RFC 2046 5.1.5 a digest holds messages",
            "MIME-Version: 1.0\nContent-Type: multipart/digest; boundary=d\n\n--d\n\nSubject: in\n\n\xfc\n--d--\n",
            "MIME-Version: 1.0\nContent-Type: multipart/digest; boundary=d\n\n--d\n\nSubject: in\nMIME-Version: 1.0\n"
            "Content-Type: text/plain; charset=unknown-8bit\nContent-Transfer-Encoding: quoted-printable\n\n=FC\n--d--\n");
        row("an outer boundary ends the inner multipart too",
            "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/alternative; boundary=ab\n\n"
            "--ab\n\n\xfc\n--a\n\n\xfc\n--a--\n",
            "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/alternative; boundary=ab\n\n"
            "--ab\nContent-Transfer-Encoding: quoted-printable\n\n=FC\n--a\nContent-Transfer-Encoding: quoted-printable\n\n=FC\n--a--\n");
        row("a comment in the type and a quoted boundary",
            "MIME-Version: 1.0\nContent-Type: Multipart(x;boundary=no)/Mixed; boundary=\"a;\\\"b\"\n\n--a;\"b\n\n\xfc\n--a;\"b--\n",
            "MIME-Version: 1.0\nContent-Type: Multipart(x;boundary=no)/Mixed; boundary=\"a;\\\"b\"\n\n--a;\"b\n"
            "Content-Transfer-Encoding: quoted-printable\n\n=FC\n--a;\"b--\n");
    }
    void codes() {
        QFETCH(const QByteArray, message);
        QFETCH(const QByteArray, expected);
        for (qsizetype piece = 1; piece <= message.size(); ++piece) {
            const Made made = make(message, piece);
            QCOMPARE(made.plan.refusal, QByteArray());
            QCOMPARE(made.content, expected);
        }
    }

    void longLinesAreFolded() { // RFC 2045 §6.7 (5), §6.8: at most 76 characters
        const QByteArray raw = (QByteArray("\xc3\xbc").repeated(500) + QByteArray(3000, 'x') + "\r\n").repeated(3);
        for (const char* type : {"text/plain", "image/png"}) {
            const Made made = make("MIME-Version: 1.0\r\nContent-Type: " + QByteArray(type) + "\r\n\r\n" + raw, 1000);
            QByteArray coded = made.content.mid(made.content.indexOf("\r\n\r\n") + 4);
            for (const QByteArray& line : coded.split('\n'))
                QVERIFY(line.size() <= 77);
            QVERIFY(made.content.endsWith("\r\n"));
            if (QByteArray(type) == "image/png") {
                QCOMPARE(QByteArray::fromBase64(coded.replace("\r\n", "")), raw);
            } else {
                coded.replace("=\r\n", "");
                QCOMPARE(QByteArray::fromPercentEncoding(coded, '='), raw);
            }
        }
    }

    void L08_depthAndNumberOfPartsAreBounded() {
        QByteArray deep = "MIME-Version: 1.0\r\n";
        for (int i = 0; i < 3000; ++i)
            deep += "Content-Type: multipart/mixed; boundary=b" + QByteArray::number(i) + "\r\n\r\n--b" + QByteArray::number(i) + "\r\n";
        QVERIFY(make(deep + "\r\n\xfc\r\n", 4096).plan.refusal.contains("deep"));
        QCOMPARE(make(deep + "\r\nascii\r\n", 4096).plan.refusal, QByteArray());
        const QByteArray many = "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" +
                                QByteArray("--b\r\n\r\n\xfc\r\n").repeated(100'000) + "--b--\r\n";
        QVERIFY(make(many, 4096).plan.refusal.contains("too many parts"));
        const QByteArray wide = "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=" + QByteArray(64 * 1024, 'b') +
                                "\r\n\r\n\xfc\r\n";
        QVERIFY(!make(wide, 4096).plan.refusal.isEmpty());
    }
};

QTEST_APPLESS_MAIN(TestSevenBit)
#include "tst_seven_bit.moc"
