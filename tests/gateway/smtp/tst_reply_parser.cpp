// SPDX-License-Identifier: GPL-3.0-or-later
//
// Replies as servers send them, and as they should not: whole, byte by byte, and cut at every place.
#include "smtp/dot_stuffer.h"
#include "smtp/reply_parser.h"

#include <QTest>

using namespace postern::smtp;

namespace {

// Replies as "250 2.1.0 ok/next line|354 go", then "!what" if the parser gave up.
QByteArray read(const QByteArray& wire, qsizetype cut, bool eachByte) {
    ReplyParser parser;
    QByteArray out;
    const auto drain = [&] {
        while (const auto reply = parser.next()) {
            if (!out.isEmpty())
                out += '|';
            out += QByteArray::number(reply->code);
            if (reply->enhanced.isValid())
                out += ' ' + reply->enhanced.text();
            for (qsizetype i = 0; i < reply->lines.size(); ++i)
                out += (i == 0 ? ' ' : '/') + reply->lines[i];
        }
    };
    if (eachByte) {
        for (const char c : wire) {
            parser.append(QByteArray(1, c));
            drain();
        }
    } else {
        parser.append(wire.left(cut));
        drain();
        parser.append(wire.mid(cut));
        drain();
    }
    if (parser.isBroken())
        out += '!' + parser.what();
    return out;
}

} // namespace

class TestReplyParser : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral(".*"))); }

    void reads_data() {
        QTest::addColumn<QByteArray>("wire");
        QTest::addColumn<QByteArray>("expected");
        const auto row = [](const char* name, const QByteArray& wire, const QByteArray& expected) {
            QTest::addRow("%s", name) << wire << expected;
        };
        row("D10 a bare line feed ends nothing", "250 ok\n250 ok\r\n", "!a line that does not end in CR LF");
        row("D10 a bare carriage return inside", "250 o\rk\r\n", "!a reply with NUL or a bare CR");
        row("D10 NUL", QByteArray("250 o\0k\r\n", 9), "!a reply with NUL or a bare CR");
        row("D10 ESC is shown, not sent to a terminal", "250 \x1b[2Jok\r\n", "250 \\x1b[2Jok");
        row("D10 two codes in one reply", "250-a\r\n550 b\r\n", "!two codes in one reply");
        row("D10 999", "999 what\r\n", "!a line that is no reply");
        row("D10 1xx does not exist", "150 wait\r\n", "!a line that is no reply");
        row("D10 empty line", "\r\n", "!a line that is no reply");
        row("D10 letters", "HTTP/1.1 400 Bad Request\r\n", "!a line that is no reply");
        row("D10 no blank behind the code", "250ok\r\n", "!a line that is no reply");
        row("D10 250- for ever", QByteArray("250-x\r\n").repeated(101), "!a reply of more than 100 lines");
        row("D10 a line without end", "250 " + QByteArray(70000, 'x'), "!a reply of more than 64 KiB");
        row("D10 many long lines", ("250-" + QByteArray(900, 'x') + "\r\n").repeated(80), "!a reply of more than 64 KiB");
        row("rfc5321 4.2 one line", "250 ok\r\n", "250 ok");
        row("rfc5321 4.2 a code alone", "250\r\n", "250 ");
        row("rfc5321 4.2.1 several lines", "250-one\r\n250-two\r\n250 three\r\n", "250 one/two/three");
        row("rfc5321 4.2.1 last line without text", "250-one\r\n250\r\n", "250 one/");
        row("two replies in one packet", "250 a\r\n354 b\r\n", "250 a|354 b");
        row("rfc2034 enhanced code", "550 5.1.1 no such user\r\n", "550 5.1.1 no such user");
        row("rfc2034 enhanced code on each line", "550-5.7.1 no\r\n550 5.7.1 way\r\n", "550 5.7.1 no/way");
        row("rfc2034 class that contradicts the code stays text", "550 2.1.1 no\r\n", "550 2.1.1 no");
        row("a version number is no enhanced code", "250 2.1 released\r\n", "250 2.1 released");
        row("a line longer than 512 octets is taken and shortened",
            "250 " + QByteArray(3000, 'x') + "\r\n", "250 " + QByteArray(1000, 'x') + "…");
        row("D10 broken UTF-8 is shown, not kept", "250 \xff\r\n", "250 \\xff");
        row("whole replies before nonsense still count", "250 a\r\nnonsense\r\n", "250 a!a line that is no reply");
    }
    void reads() {
        QFETCH(QByteArray, wire);
        QFETCH(QByteArray, expected);
        QCOMPARE(read(wire, wire.size(), false), expected);
        QCOMPARE(read(wire, 0, true), expected);
        if (wire.size() < 200)
            for (qsizetype cut = 1; cut < wire.size(); ++cut)
                QCOMPARE(read(wire, cut, false), expected);
    }

    void enhancedCodeIsTakenOutOfTheText() {
        ReplyParser parser;
        parser.append("550 5.1.1 no such user\r\n");
        const auto reply = parser.next();
        QVERIFY(reply.has_value());
        QCOMPARE(reply->enhanced, (EnhancedCode{5, 1, 1}));
        QCOMPARE(reply->lines, QByteArrayList{"no such user"});
        QCOMPARE(reply->oneLine(), QByteArray("550 5.1.1 no such user"));
    }

    void countsWhatItHolds() {
        ReplyParser parser;
        parser.append("220 go\r\n2");
        QVERIFY(parser.next().has_value());
        QVERIFY(parser.pending() > 0);
        parser.clear();
        QCOMPARE(parser.pending(), qsizetype(0));
        parser.append("220-go\r\n");
        QVERIFY(!parser.next().has_value());
        QVERIFY(parser.pending() > 0); // half a reply is something too
    }

    void stuffsDots_data() {
        QTest::addColumn<QByteArray>("content");
        QTest::addColumn<QByteArray>("wire");
        QTest::newRow("rfc5321 4.5.2 nothing to do") << QByteArray("a\r\nb\r\n") << QByteArray("a\r\nb\r\n.\r\n");
        QTest::newRow("rfc5321 4.5.2 first octet") << QByteArray(".\r\n") << QByteArray("..\r\n.\r\n");
        QTest::newRow("rfc5321 4.5.2 line start") << QByteArray("a\r\n.b\r\n..\r\n") << QByteArray("a\r\n..b\r\n...\r\n.\r\n");
        QTest::newRow("dots inside a line stay") << QByteArray("a.b...\r\n") << QByteArray("a.b...\r\n.\r\n");
        QTest::newRow("only CR LF starts a line") << QByteArray("a\n.b\r.c\r\n") << QByteArray("a\n.b\r.c\r\n.\r\n");
        QTest::newRow("no line end at the end") << QByteArray("abc") << QByteArray("abc\r\n.\r\n");
        QTest::newRow("an unfinished dot line") << QByteArray("a\r\n.") << QByteArray("a\r\n..\r\n.\r\n");
        QTest::newRow("empty content") << QByteArray() << QByteArray(".\r\n");
        QTest::newRow("the end of data inside") << QByteArray("a\r\n.\r\nQUIT\r\n") << QByteArray("a\r\n..\r\nQUIT\r\n.\r\n");
    }
    void stuffsDots() {
        QFETCH(QByteArray, content);
        QFETCH(QByteArray, wire);
        for (qsizetype first = 0; first <= content.size(); ++first) {
            for (qsizetype second = first; second <= content.size(); ++second) {
                DotStuffer stuffer;
                QByteArray out = stuffer.piece(QByteArrayView(content).first(first));
                out += stuffer.piece(QByteArrayView(content).sliced(first, second - first));
                out += stuffer.piece(QByteArrayView(content).sliced(second));
                QCOMPARE(out + stuffer.end(), wire);
            }
        }
    }
};

QTEST_APPLESS_MAIN(TestReplyParser)
#include "tst_reply_parser.moc"
