// SPDX-License-Identifier: GPL-3.0-or-later
//
// The end of data and nothing else ends it; dots come out as they went in, wherever the network cuts.
#include "smtp/content_stream.h"

#include <QTest>

using namespace postern::smtp;
using namespace Qt::StringLiterals;

using Fault = ContentStream::Fault;

namespace {

struct Seen {
    QByteArray content;
    QByteArray behind; // what was not taken
    bool done = false;
    Fault fault = Fault::None;
    qint64 octets = 0;
    friend bool operator==(const Seen&, const Seen&) = default;
};

Seen follow(const QByteArrayList& pieces, qsizetype maxLine) {
    ContentStream stream(maxLine);
    Seen seen;
    for (const QByteArray& piece : pieces) {
        const qsizetype taken = stream.feed(piece, seen.content);
        seen.behind += piece.mid(taken);
    }
    seen.done = stream.isDone();
    seen.fault = stream.fault();
    seen.octets = stream.octets();
    return seen;
}

// "" if every way to cut `wire` gives the same as the whole of it.
QByteArray cutsDiffer(const QByteArray& wire, qsizetype maxLine) {
    const Seen whole = follow({wire}, maxLine);
    const bool clean = whole.fault == Fault::None; // content given before a fault shows depends on the cuts
    const auto differs = [&](Seen seen) {
        if (!clean)
            seen.content = whole.content;
        return !(seen == whole);
    };
    QByteArrayList bytes;
    for (const char c : wire)
        bytes.append(QByteArray(1, c));
    if (differs(follow(bytes, maxLine)))
        return "byte by byte"_ba;
    for (qsizetype at = 1; at < wire.size(); ++at)
        if (differs(follow({wire.left(at), wire.mid(at)}, maxLine)))
            return "cut at " + QByteArray::number(at);
    return {};
}

} // namespace

class TestContentStream : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void content_data() {
        QTest::addColumn<QByteArray>("wire");
        QTest::addColumn<QByteArray>("content");
        QTest::addColumn<QByteArray>("behind");
        QTest::newRow("the line end of DATA is the first CR LF") << ".\r\n"_ba << ""_ba << ""_ba;
        QTest::newRow("one line") << "a\r\n.\r\n"_ba << "a\r\n"_ba << ""_ba;
        QTest::newRow("what follows is left alone") << "a\r\n.\r\nMAIL"_ba << "a\r\n"_ba << "MAIL"_ba;
        QTest::newRow("a second end of data is left alone") << ".\r\n.\r\n"_ba << ""_ba << ".\r\n"_ba;
        QTest::newRow("S11 two dots are one") << "..\r\n.\r\n"_ba << ".\r\n"_ba << ""_ba;
        QTest::newRow("S11 three dots are two") << "...\r\n.\r\n"_ba << "..\r\n"_ba << ""_ba;
        QTest::newRow("S11 dot and text") << "..x\r\n.y\r\n.\r\n"_ba << ".x\r\ny\r\n"_ba << ""_ba;
        QTest::newRow("dots inside a line stay") << "a..b.\r\n.\r\n"_ba << "a..b.\r\n"_ba << ""_ba;
        QTest::newRow("S07 dot and blank is a line") << ". \r\n.\r\n"_ba << " \r\n"_ba << ""_ba;
        QTest::newRow("S07 NEL and U+2028 are octets")
            << "\xc2\x85.\xc2\x85\xe2\x80\xa8.\r\n.\r\n"_ba << "\xc2\x85.\xc2\x85\xe2\x80\xa8.\r\n"_ba << ""_ba;
        QTest::newRow("empty lines") << "\r\n\r\n.\r\n"_ba << "\r\n\r\n"_ba << ""_ba;
        QTest::newRow("S13 octets above 127") << "\xe4\xff\x80\r\n.\r\n"_ba << "\xe4\xff\x80\r\n"_ba << ""_ba;
    }

    void content() {
        QFETCH(const QByteArray, wire);
        QFETCH(const QByteArray, content);
        QFETCH(const QByteArray, behind);
        const Seen seen = follow({wire}, 1000);
        QVERIFY(seen.done);
        QCOMPARE(seen.fault, Fault::None);
        QCOMPARE(seen.content, content);
        QCOMPARE(seen.behind, behind);
        QCOMPARE(seen.octets, qint64(content.size()));
        QCOMPARE(cutsDiffer(wire, 1000), QByteArray());
    }

    void imposter_data() {
        QTest::addColumn<QByteArray>("imposter");
        QTest::addColumn<Fault>("fault");
        const auto row = [](const char* name, const QByteArray& imposter, Fault fault = Fault::BareCrOrLf) {
            QTest::newRow(name) << imposter << fault;
        };
        row("S01 LF . LF", "\n.\n"_ba);
        row("S02 LF . CRLF", "\n.\r\n"_ba);
        row("S03 CRLF . LF", "\r\n.\n"_ba);
        row("S04 CR . CRLF", "\r.\r\n"_ba);
        row("S04 CRLF . CR", "\r\n.\rx"_ba);
        row("S04 CR . CR", "\r.\rx"_ba);
        row("S04 CR . LF", "\r.\n"_ba);
        row("S04 LF . CR", "\n.\rx"_ba);
        row("S05 CRLF NUL . CRLF", "\r\n\0.\r\n"_ba, Fault::Nul);
        row("S05 CRLF . NUL CRLF", "\r\n.\0\r\n"_ba, Fault::Nul);
        row("S06 LF LF . CR CR LF", "\n\n.\r\r\n"_ba);
        row("S06 CRCRLF . CRCRLF", "\r\r\n.\r\r\n"_ba);
        row("S06 CRLF . CR CRLF", "\r\n.\r\r\n"_ba);
        row("S09 lone CR", "a\rb\r\n"_ba);
        row("S09 lone LF", "a\nb\r\n"_ba);
        row("S10 NUL", "a\0b\r\n"_ba, Fault::Nul);
        row("a lone CR weighs more than a NUL before it", "a\0b\rc\r\n"_ba);
    }

    void imposter() {
        QFETCH(const QByteArray, imposter);
        QFETCH(const Fault, fault);
        const QByteArray wire = "outer" + imposter + "MAIL FROM:<x@x.example>\r\nDATA\r\n";
        const Seen seen = follow({wire}, 1000);
        QVERIFY(!seen.done);
        QCOMPARE(seen.fault, fault);
        QCOMPARE(seen.content, QByteArray());
        QCOMPARE(cutsDiffer(wire, 1000), QByteArray());
        // and the true end is still found
        const Seen ended = follow({wire, "\r\n.\r\nQUIT"_ba}, 1000);
        QVERIFY(ended.done);
        QCOMPARE(ended.behind, "QUIT"_ba);
        QCOMPARE(cutsDiffer(wire + "\r\n.\r\nQUIT", 1000), QByteArray());
    }

    void L03_lineLengthCountsWithoutTheLineEndAndTheStuffedDot() {
        QCOMPARE(follow({"12345\r\n.\r\n"_ba}, 5).fault, Fault::None);
        QCOMPARE(follow({"..2345\r\n.\r\n"_ba}, 5).fault, Fault::None);
        QCOMPARE(follow({"123456\r\n.\r\n"_ba}, 5).fault, Fault::LineTooLong);
        QCOMPARE(cutsDiffer("12345\r\n..2345\r\n.\r\n"_ba, 5), QByteArray());
        QCOMPARE(cutsDiffer("12345\r\n123456\r\n.\r\n"_ba, 5), QByteArray());
    }

    void L03_anEndlessLineIsNotHeld() {
        ContentStream stream(65536);
        QByteArray out;
        const QByteArray block(1 << 16, 'x');
        for (int i = 0; i < 128; ++i) {
            out.clear();
            QCOMPARE(stream.feed(block, out), block.size());
        }
        QCOMPARE(out, QByteArray());
        QCOMPARE(stream.octets(), qint64(8) << 20);
        QCOMPARE(stream.fault(), Fault::LineTooLong);
        QCOMPARE(stream.feed("\r\n.\r\n"_ba, out), 5);
        QVERIFY(stream.isDone());
    }

    void S11_dotsAtEveryOffsetOfABufferEdge() {
        const QByteArray tricky = "\r\n..\r\n...\r\n..x\r\n.y\r\nend";
        const QByteArray plain = "\r\n.\r\n..\r\n.x\r\ny\r\nend";
        for (const qsizetype edge : {4096, 16384, 65536}) {
            for (qsizetype shift = 0; shift <= tricky.size(); ++shift) {
                const QByteArray before(edge - shift, 'b');
                const QByteArray wire = before + tricky + "\r\n.\r\n";
                const Seen seen = follow({wire.left(edge), wire.mid(edge)}, 100'000);
                QVERIFY(seen.done);
                QCOMPARE(seen.content, before + plain + "\r\n");
            }
        }
    }

    void eightBitIsNoticedAnywhere() {
        for (qsizetype at = 0; at < 40; ++at) {
            QByteArray wire(40, 'a');
            wire[at] = '\x80';
            ContentStream stream(1000);
            QByteArray out;
            stream.feed(wire, out);
            QVERIFY(stream.hasEightBit());
        }
        ContentStream stream(1000);
        QByteArray out;
        stream.feed("a\r\n.\r\n\xff"_ba, out); // behind the end of data it is not ours
        QVERIFY(!stream.hasEightBit());
    }

    void behindTheEndNothingIsTaken() {
        ContentStream stream(1000);
        QByteArray out;
        stream.feed(".\r\n"_ba, out);
        QCOMPARE(stream.feed("x"_ba, out), 0);
        QCOMPARE(out, QByteArray());
    }
};

QTEST_APPLESS_MAIN(TestContentStream)
#include "tst_content_stream.moc"
