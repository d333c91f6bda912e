// SPDX-License-Identifier: GPL-3.0-or-later
//
// Random conversations keep the laws of support/server_laws.h. A failure prints the seed and the shortest input found.
#include "support/server_laws.h"

#include <QTest>

#include <random>

using namespace postern::test;
using namespace Qt::StringLiterals;

namespace {

const QByteArrayList kPhrases = {
    "EHLO c.example\r\n"_ba, "HELO [127.0.0.1]\r\n"_ba, "MAIL FROM:<a@a.example>\r\n"_ba, "MAIL FROM:<> SIZE=10\r\n"_ba,
    "MAIL FROM:<\"a b\"@a.example> BODY=8BITMIME AUTH=<>\r\n"_ba, "RCPT TO:<b@b.example>\r\n"_ba,
    "RCPT TO:<postmaster>\r\n"_ba, "RCPT TO:<@x.example:b@b.example>\r\n"_ba, "DATA\r\n"_ba, "Subject: x\r\n\r\nbody\r\n"_ba,
    "Received: x\r\n"_ba, ".\r\n"_ba, "..\r\n"_ba, "\r\n.\r\n"_ba, "\n.\n"_ba, "\r.\r"_ba, "\r\n.\n"_ba, "\0"_ba, "\r"_ba,
    "\n"_ba, "BDAT 7 LAST\r\nA: b\r\n."_ba, "BDAT 3\r\nA: "_ba,
    "BDAT 2\r\nb\r"_ba, "BDAT 1\r\n\n"_ba, "BDAT 0 LAST\r\n"_ba, "BDAT x\r\n"_ba, "BDAT 500 LAST\r\n"_ba, "RSET\r\n"_ba, "NOOP x\r\n"_ba, "QUIT\r\n"_ba, "STARTTLS\r\n"_ba, "AUTH PLAIN AHVzZXIAcmlnaHQ=\r\n"_ba,
    "AUTH PLAIN\r\n"_ba, "AHVzZXIAcmlnaHQ=\r\n"_ba, "AUTH LOGIN\r\n"_ba, "dXNlcg==\r\n"_ba, "*\r\n"_ba, "VRFY a\r\n"_ba,
    "GET / HTTP/1.0\r\n"_ba, "\x16\x03\x01"_ba, "FROB\r\n"_ba, "\xff\x03"_ba, "\xff\x02"_ba, "\xc3\xbc"_ba,
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n"_ba, "EHLO c.example\r\nMAIL FROM:<a@a.example>\r\n"
    "RCPT TO:<b@b.example>\r\nDATA\r\n"_ba};

QByteArray makeInput(std::mt19937& random) {
    QByteArray input;
    for (int i = 0; i < 3; ++i)
        input += char(random() & 0xff);
    if (random() % 4 != 0)
        input += "EHLO c.example\r\n";
    for (auto i = random() % 30; i > 0; --i)
        input += kPhrases[qsizetype(random() % size_t(kPhrases.size()))];
    return input;
}

// Cuts pieces out as long as the law stays broken.
QByteArray shrunk(QByteArray input) {
    for (qsizetype piece = input.size() / 2; piece > 0; piece /= 2)
        for (qsizetype at = 3; at + piece <= input.size();) {
            const QByteArray shorter = input.left(at) + input.mid(at + piece);
            if (brokenServerLaw(shorter).isEmpty())
                at += piece;
            else
                input = shorter;
        }
    return input;
}

} // namespace

class TestServerLaws : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void randomConversationsKeepTheLaws() {
        const QByteArray wanted = qgetenv("POSTERN_SEED");
        const unsigned seed = wanted.isEmpty() ? 20'261'119u : wanted.toUInt();
        std::mt19937 random(seed);
        for (int i = 0; i < 3000; ++i) {
            const QByteArray input = makeInput(random);
            const QByteArray law = brokenServerLaw(input);
            if (!law.isEmpty())
                QFAIL((law + ", seed " + QByteArray::number(seed) + ", input " + shrunk(input).toPercentEncoding(" <>:@/"))
                          .constData());
        }
    }
};

QTEST_APPLESS_MAIN(TestServerLaws)
#include "tst_server_laws.moc"
