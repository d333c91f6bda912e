// SPDX-License-Identifier: GPL-3.0-or-later
//
// Where content goes while it comes in, and that every failing disk operation is told at the end, not lost.
#include "listener/incoming_content.h"
#include "queue/body_reader.h"
#include "queue/spool.h"
#include "support/failing_file_store.h"
#include "support/memory_file_store.h"

#include <QRegularExpression>
#include <QTest>

using namespace postern;
using namespace postern::listener;
using namespace postern::test;
using namespace Qt::StringLiterals;

namespace {

const QByteArray kPath = "incoming/1a2b3c4d";

// Text in which every position differs from its neighbours.
QByteArray content(qint64 octets) {
    QByteArray text;
    text.reserve(octets + 16);
    for (int i = 0; text.size() < octets; ++i)
        text += QByteArray::number(i) + "\r\n";
    text.truncate(octets);
    return text;
}

} // namespace

class TestIncomingContent : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void init() { QTest::failOnWarning(QRegularExpression(u".*"_s)); }
    void tellsEveryDiskFailureAtTheEnd();
    void keepsEveryOctet_data();
    void keepsEveryOctet();
    void writesInLargePieces();
    void staysInMemoryWhileThereIsRoom_data();
    void staysInMemoryWhileThereIsRoom();
    void givesItsShareBack();
    void Q04_endsWhenTheDiskFillsUpMeanwhile();
    void X05_nothingLiesOpenWhileItComesIn();
};

void TestIncomingContent::tellsEveryDiskFailureAtTheEnd() {
    const QByteArray whole = content(300'000);
    int failures = 0;
    for (int n = 1;; ++n) {
        MemoryFileStore disk;
        FailingFileStore failing(disk, n, FailingFileStore::Mode::Once, {ErrorCode::NoSpace, "disk full", Permanence::Temporary});
        IncomingContent incoming(failing, kPath, -1);
        for (qsizetype at = 0; at < whole.size(); at += 10'000)
            incoming.append(QByteArrayView(whole).sliced(at, qMin<qsizetype>(10'000, whole.size() - at)));
        const auto body = incoming.finish();
        if (!failing.failed()) {
            QVERIFY(body);
            break;
        }
        ++failures;
        QVERIFY(!body);
        QVERIFY(body.error().code == ErrorCode::NoSpace);
        QCOMPARE(incoming.fileName(), n == 1 ? QByteArray() : kPath); // 1 = create itself: nothing to discard
    }
    QVERIFY(failures >= 4); // create, several writes, close
}

void TestIncomingContent::keepsEveryOctet_data() {
    QTest::addColumn<qint64>("octets");
    QTest::addColumn<qint64>("piece");
    QTest::addColumn<bool>("inFile");
    const qint64 limit = queue::kInlineBody;
    QTest::addRow("nothing") << qint64(0) << qint64(1) << false;
    QTest::addRow("one octet at a time") << qint64(2000) << qint64(1) << false;
    QTest::addRow("just inline") << limit << qint64(4096) << false;
    QTest::addRow("one octet more") << limit + 1 << qint64(4096) << true;
    QTest::addRow("file, one piece") << qint64(200'000) << qint64(200'000) << true;
    QTest::addRow("file, pieces across the 64 KiB edge") << qint64(200'000) << qint64(65'535) << true;
    QTest::addRow("file, ends on the edge") << qint64(131'072) << qint64(8192) << true;
}

void TestIncomingContent::keepsEveryOctet() {
    QFETCH(qint64, octets);
    QFETCH(qint64, piece);
    QFETCH(bool, inFile);
    const QByteArray whole = content(octets);
    MemoryFileStore disk;
    IncomingContent incoming(disk, kPath, octets / 2); // what a client announced need not be true
    for (qint64 at = 0; at < octets; at += piece)
        incoming.append(QByteArrayView(whole).sliced(at, qMin(piece, octets - at)));
    QCOMPARE(incoming.size(), octets);
    const auto body = incoming.finish();
    QVERIFY(body);
    QCOMPARE(body->size, octets);
    QCOMPARE(body->file, inFile ? kPath : QByteArray());
    QCOMPARE(inFile ? disk.read(kPath, 0, -1).value_or({}) : body->bytes, whole);
    QVERIFY(inFile ? body->bytes.isEmpty() : !disk.size(kPath));
}

void TestIncomingContent::writesInLargePieces() { // R08: a message costs at most a piece of memory
    MemoryFileStore disk;
    FailingFileStore counting(disk, 0);
    IncomingContent incoming(counting, kPath, -1);
    const QByteArray piece = content(1000);
    for (int i = 0; i < 1000; ++i)
        incoming.append(piece);
    QVERIFY(incoming.finish());
    // create + close + about one write per 64 KiB of 1,000,000 octets
    QVERIFY2(counting.operations() <= 2 + 17, QByteArray::number(counting.operations()).constData());
}

void TestIncomingContent::staysInMemoryWhileThereIsRoom_data() {
    QTest::addColumn<qint64>("octets");
    QTest::addColumn<qint64>("room");
    QTest::addColumn<bool>("inFile");
    const qint64 share = queue::kSegmentBody - queue::kInlineBody;
    QTest::addRow("small content needs no room") << queue::kInlineBody << qint64(0) << false;
    QTest::addRow("one octet more, and room") << queue::kInlineBody + 1 << share << false;
    QTest::addRow("one octet more, and too little room") << queue::kInlineBody + 1 << share - 1 << true;
    QTest::addRow("as much as a segment takes") << queue::kSegmentBody << share << false;
    QTest::addRow("one octet more than a segment takes") << queue::kSegmentBody + 1 << share << true;
}

void TestIncomingContent::staysInMemoryWhileThereIsRoom() {
    QFETCH(qint64, octets);
    QFETCH(qint64, room);
    QFETCH(bool, inFile);
    const QByteArray whole = content(octets);
    for (const qint64 piece : {qint64(7000), octets}) {
        MemoryFileStore disk;
        const auto memory = std::make_shared<std::atomic<qint64>>(room);
        {
            IncomingContent incoming(disk, kPath, -1, memory);
            for (qint64 at = 0; at < octets; at += piece)
                incoming.append(QByteArrayView(whole).sliced(at, qMin(piece, octets - at)));
            QVERIFY(memory->load() >= 0);
            const auto body = incoming.finish();
            QVERIFY(body);
            QCOMPARE(body->file, inFile ? kPath : QByteArray());
            QCOMPARE(inFile ? disk.read(kPath, 0, -1).value_or({}) : body->bytes, whole);
            QCOMPARE(memory->load() == room, inFile || octets == queue::kInlineBody);
        }
        QCOMPARE(memory->load(), room);
    }
}

void TestIncomingContent::givesItsShareBack() { // R08: by whoever has the octets, and only then
    MemoryFileStore disk;
    const qint64 room = 2 * (queue::kSegmentBody - queue::kInlineBody);
    const auto memory = std::make_shared<std::atomic<qint64>>(room);
    MemoryShare share;
    {
        IncomingContent incoming(disk, kPath, -1, memory);
        incoming.append(content(100'000));
        QVERIFY(incoming.finish());
        share = incoming.takeShare();
    }
    QCOMPARE(memory->load(), room / 2);
    share = {};
    QCOMPARE(memory->load(), room);
}

void TestIncomingContent::Q04_endsWhenTheDiskFillsUpMeanwhile() {
    MemoryFileStore disk;
    int asked = 0;
    IncomingContent incoming(disk, kPath, -1, {}, FileForm{{}, 0, [&asked](qint64) { return ++asked <= 3; }});
    const QByteArray piece = content(100'000);
    for (int i = 0; i < 100; ++i)
        incoming.append(piece);
    QCOMPARE(asked, 4); // once for each MiB, and not any more once there is no room
    QVERIFY(!disk.size(kPath)); // its room is given back at once
    const auto body = incoming.finish();
    QVERIFY(!body);
    QVERIFY(body.error().code == ErrorCode::NoSpace); // 452
}

void TestIncomingContent::X05_nothingLiesOpenWhileItComesIn() {
    MemoryFileStore disk;
    const auto key = queue::QueueKey::from(Secret(QByteArray("0123456789abcdef0123456789abcdef")));
    const auto seal = std::make_shared<const queue::Seal>(false, *key);
    IncomingContent incoming(disk, kPath, -1, {}, FileForm{seal, 0x1a2b3c4d, {}});
    const QByteArray piece = "bodysecret " + content(100'000);
    QByteArray whole;
    for (int i = 0; i < 10; ++i) {
        incoming.append(piece);
        whole += piece;
        QVERIFY(!disk.read(kPath, 0, -1).value_or({}).contains("bodysecret"));
    }
    auto body = incoming.finish();
    QVERIFY(body);
    QCOMPARE(body->size, whole.size());
    QCOMPARE(disk.size(kPath).value_or(0), body->fileSize);
    const auto shared = std::make_shared<const queue::Body>(*body);
    QCOMPARE(queue::BodyReader(disk, shared).read(0, whole.size() + 1).value_or({}), whole);
}

QTEST_APPLESS_MAIN(TestIncomingContent)
#include "tst_incoming_content.moc"
