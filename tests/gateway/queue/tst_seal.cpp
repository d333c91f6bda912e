// SPDX-License-Identifier: GPL-3.0-or-later
//
// The form of contents on disk: the cipher against published vectors, sizes around the edges of records, every kind of
// damage, and compressed contents that would unfold to more than they may (threats X05, L09).
#include "queue/body_reader.h"
#include "queue/content_check.h"
#include "queue/deflate.h"
#include "queue/row_seal.h"
#include "queue/seal.h"
#include "support/memory_file_store.h"

#include <QTest>
#include <QtEndian>

#include <set>

using namespace postern;
using namespace postern::queue;
using namespace postern::test;

namespace {

constexpr MessageId kId = 0x1234abcd;
const QByteArray kCharacters("0123456789abcdef0123456789abcdef");

QueueKeyPtr keyOf(const QByteArray& characters = kCharacters) {
    return *QueueKey::from(Secret(characters));
}

SealPtr sealOf(bool compress, bool encrypt) {
    return std::make_shared<const Seal>(compress, encrypt ? keyOf() : nullptr);
}

QByteArray text(qsizetype size) {
    QByteArray out;
    for (int i = 0; out.size() < size; ++i)
        out += "line " + QByteArray::number(i * 7919 % 1000) + " of the message\r\n";
    return out.left(size);
}

// Octets that do not become smaller.
QByteArray noise(qsizetype size) {
    QByteArray out(size, Qt::Uninitialized);
    quint64 x = 88172645463325252ULL;
    for (char& c : out) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        c = char(x >> 32);
    }
    return out;
}

struct Stored {
    MemoryFileStore disk;
    Stored(const QByteArray& octets) { disk.put("/q/content", octets); }
    BodyReader reader(const SealPtr& seal, qint64 size, MessageId id = kId) {
        return {disk, std::make_shared<const Body>(Body{{}, "/q/content", size, seal, disk.size("/q/content").value_or(0), id})};
    }
};

} // namespace

class TestSeal : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void isXaes256Gcm_data();
    void isXaes256Gcm();
    void takesKeysOf32Characters_data();
    void takesKeysOf32Characters();
    void comesBack_data();
    void comesBack();
    void readsAnyPart();
    void startsInTheMiddle();
    void X05_aFlippedBitDoesNotOpen_data();
    void X05_aFlippedBitDoesNotOpen();
    void X05_aCutOrMovedPieceDoesNotOpen();
    void X05_noSaltTwice();
    void X05_anotherKeyDoesNotOpen();
    void X05_rowsOpenInTheirPlaceOnly();
    void L09_bombsStopAtTheirSize();
    void aHostileFileIsCorrupt();
};

void TestSeal::isXaes256Gcm_data() { // C2SP XAES-256-GCM, test vectors
    QTest::addColumn<char>("keyOctet");
    QTest::addColumn<QByteArray>("about");
    QTest::addColumn<QByteArray>("sealed");
    QTest::addRow("first bit of L is 0") << '\1' << QByteArray()
                                         << QByteArray("ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271");
    QTest::addRow("first bit of L is 1") << '\3' << QByteArray("c2sp.org/XAES-256-GCM")
                                         << QByteArray("986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d");
}

void TestSeal::isXaes256Gcm() {
    QFETCH(char, keyOctet);
    QFETCH(QByteArray, about);
    QFETCH(QByteArray, sealed);
    const QueueKey key(Secret(QByteArray(32, keyOctet)));
    const auto opened = key.open("ABCDEFGHIJKLMNOPQRSTUVWX" + QByteArray::fromHex(sealed), about);
    QVERIFY(opened);
    QCOMPARE(*opened, "XAES-256-GCM");
    const auto derived = key.derive("ABCDEFGHIJKL");
    QVERIFY(derived);
    QCOMPARE(*gcmSeal(*derived, "MNOPQRSTUVWX", "XAES-256-GCM", about), QByteArray::fromHex(sealed));
}

void TestSeal::takesKeysOf32Characters_data() { // smtpd.conf(5): a string of exactly 32 characters, used as octets
    QTest::addColumn<QByteArray>("characters");
    QTest::addColumn<bool>("good");
    QTest::addRow("none") << QByteArray() << false;
    QTest::addRow("31") << QByteArray(31, 'k') << false;
    QTest::addRow("32") << QByteArray(32, 'k') << true;
    QTest::addRow("33") << QByteArray(33, 'k') << false;
}

void TestSeal::takesKeysOf32Characters() {
    QFETCH(QByteArray, characters);
    QFETCH(bool, good);
    const auto key = QueueKey::from(Secret(characters));
    QCOMPARE(key.has_value(), good);
    if (!good) {
        QVERIFY(key.error().text.contains("exactly 32 characters"));
        QVERIFY(characters.isEmpty() || !key.error().text.contains(characters));
    }
}

void TestSeal::comesBack_data() {
    QTest::addColumn<bool>("compress");
    QTest::addColumn<bool>("encrypt");
    QTest::addColumn<QByteArray>("content");
    for (int form = 1; form < 4; ++form)
        for (const qsizetype size : {0, 1, 65'535, 65'536, 65'537, 131'072, 200'000})
            for (const bool isText : {true, false})
                QTest::addRow("%s%s, %lld octets of %s", form & 1 ? "compressed " : "", form & 2 ? "encrypted" : "",
                              qint64(size), isText ? "text" : "noise")
                    << bool(form & 1) << bool(form & 2) << (isText ? text(size) : noise(size));
}

void TestSeal::comesBack() {
    QFETCH(bool, compress);
    QFETCH(bool, encrypt);
    QFETCH(QByteArray, content);
    const SealPtr seal = sealOf(compress, encrypt);
    const auto sealed = seal->seal(kId, content);
    QVERIFY(sealed);
    QCOMPARE(*seal->open(kId, *sealed, content.size()), content);
    QCOMPARE(seal->plainSize(kId, *sealed), content.size());
    QVERIFY(sealed->size() <= content.size() + 40 + (content.size() / 65'536 + 1) * 20); // never much more
    if (compress && content.size() > 1000 && content.startsWith("line"))
        QVERIFY(sealed->size() < content.size() / 2);
    if (encrypt && content.size() > 20)
        QVERIFY(!sealed->contains(content.left(20)));

    // Written in pieces of other sizes: the same form, and read from a file piece by piece.
    auto writer = SealWriter::begin(*seal, kId);
    QVERIFY(writer);
    QByteArray pieces;
    for (qsizetype at = 0; at < content.size(); at += 7001)
        QVERIFY(writer->append(QByteArrayView(content).sliced(at, std::min<qsizetype>(7001, content.size() - at)), pieces));
    QVERIFY(writer->finish(pieces));
    QCOMPARE(pieces.size(), sealed->size());
    Stored stored(pieces);
    BodyReader reader = stored.reader(seal, content.size());
    QByteArray read;
    for (;;) {
        const auto piece = reader.read(read.size(), 10'000);
        QVERIFY2(piece, piece ? "" : piece.error().text.constData());
        if (piece->isEmpty())
            break;
        read += *piece;
    }
    QCOMPARE(read, content);
}

void TestSeal::readsAnyPart() {
    const SealPtr seal = sealOf(true, true);
    const QByteArray content = text(400'000);
    Stored stored(*seal->seal(kId, content));
    BodyReader reader = stored.reader(seal, content.size());
    for (const qint64 at : {0, 399'999, 65'536, 65'535, 131'072, 10, 300'000, 200'000, 400'000, 400'001})
        for (const qint64 most : {1, 100, 65'536, 70'000, 500'000})
            QCOMPARE(reader.read(at, most).value_or("?"), content.mid(at, most));
}

void TestSeal::startsInTheMiddle() { // without the records before it having been looked at
    const SealPtr seal = sealOf(false, true);
    const QByteArray content = text(400'000);
    QByteArray octets = *seal->seal(kId, content);
    octets[100] = char(octets[100] ^ 1); // in the first record
    Stored stored(octets);
    QCOMPARE(stored.reader(seal, content.size()).read(200'000, 1000).value_or("?"), content.mid(200'000, 1000));
    QVERIFY(!stored.reader(seal, content.size()).read(0, 1000));
}

void TestSeal::X05_aFlippedBitDoesNotOpen_data() {
    QTest::addColumn<bool>("compress");
    QTest::addRow("encrypted") << false;
    QTest::addRow("compressed and encrypted") << true;
}

void TestSeal::X05_aFlippedBitDoesNotOpen() {
    QFETCH(bool, compress);
    const SealPtr seal = sealOf(compress, true);
    const QByteArray content = text(300);
    const QByteArray octets = *seal->seal(kId, content);
    for (qsizetype i = 0; i < octets.size() * 8; ++i) {
        QByteArray damaged = octets;
        damaged[i / 8] = char(damaged[i / 8] ^ (1 << i % 8));
        const auto opened = seal->open(kId, damaged, content.size());
        QVERIFY2(!opened, QByteArray::number(i).constData());
        QVERIFY(opened.error().code == ErrorCode::Corrupt);
        Stored stored(damaged);
        const auto read = stored.reader(seal, content.size()).read(0, 1000);
        QVERIFY2(!read, QByteArray::number(i).constData());
        QVERIFY(read.error().code == ErrorCode::Corrupt);
    }
}

void TestSeal::X05_aCutOrMovedPieceDoesNotOpen() {
    const SealPtr seal = sealOf(false, true);
    const QByteArray content = text(3 * 65'536 + 10);
    const QByteArray octets = *seal->seal(kId, content);
    constexpr qsizetype kHead = 40, kRecord = 4 + 65'536 + 16;
    const auto whole = [&](const QByteArray& stored) {
        Stored file(stored);
        const auto read = file.reader(seal, content.size()).read(0, content.size() + 1);
        return std::pair(seal->open(kId, stored, content.size()).has_value(), read && read->size() == content.size());
    };
    QCOMPARE(whole(octets), std::pair(true, true));
    const std::pair no(false, false);
    QCOMPARE(whole(octets.left(octets.size() - 1)), no);
    QCOMPARE(whole(octets.left(kHead + 3 * kRecord)), no);           // its last record is missing
    QCOMPARE(whole(octets.left(kHead)), no);
    QCOMPARE(whole(octets.left(10)), no);
    QCOMPARE(whole({}), no);
    QByteArray swapped = octets.left(kHead) + octets.mid(kHead + kRecord, kRecord) + octets.mid(kHead, kRecord) +
                         octets.mid(kHead + 2 * kRecord);
    QCOMPARE(whole(swapped), no);
    QByteArray doubled = octets;
    doubled.insert(kHead, octets.mid(kHead, kRecord));
    QCOMPARE(whole(doubled), no);
    // of another content of the same message
    const QByteArray other = *seal->seal(kId, text(3 * 65'536 + 10));
    QCOMPARE(whole(octets.left(kHead + kRecord) + other.mid(kHead + kRecord)), no);
    // of another message: as it is, and with the name of this one written over it
    const QByteArray foreign = *seal->seal(kId + 1, content);
    QCOMPARE(whole(foreign), no);
    QByteArray renamed = foreign;
    qToLittleEndian<quint32>(kId, renamed.data() + 12);
    qToLittleEndian<quint32>(quint32(contentCheck(QByteArrayView(renamed).first(36))), renamed.data() + 36);
    QCOMPARE(whole(renamed), no);
}

void TestSeal::X05_noSaltTwice() {
    const SealPtr seal = sealOf(false, true);
    std::set<QByteArray> contents, rows;
    Message message;
    message.sender = "a@b.example";
    for (int i = 0; i < 2000; ++i) {
        contents.insert(seal->seal(kId, "x")->mid(24, 12));
        rows.insert(sealFields(*seal->key(), message, 7)->left(24));
    }
    QCOMPARE(contents.size(), size_t(2000));
    QCOMPARE(rows.size(), size_t(2000));
}

void TestSeal::X05_anotherKeyDoesNotOpen() {
    const auto octets = sealOf(true, true)->seal(kId, "Subject: x\r\n\r\n");
    const Seal other(true, keyOf("another key another key another "));
    const auto opened = other.open(kId, *octets, 14);
    QVERIFY(!opened);
    QVERIFY(opened.error().text.contains("another key"));
    QVERIFY(!Seal(true, nullptr).open(kId, *octets, 14));
    QVERIFY(keyOf()->id() != other.key()->id());
    QVERIFY(!kCharacters.contains(keyOf()->id()));
}

void TestSeal::X05_rowsOpenInTheirPlaceOnly() {
    const auto key = keyOf();
    Envelope envelope;
    envelope.recipient = "ann@example.net";
    envelope.destination = "ann@inner.example";
    envelope.params.notify = "FAILURE";
    envelope.params.orcpt = "rfc822;ann@example.net";
    envelope.action = "out";
    envelope.relay = QByteArray("r\0x", 3);
    const auto sealed = sealFields(*key, envelope, 42);
    QVERIFY(sealed);
    QVERIFY(!sealed->contains("ann"));
    Envelope back;
    QVERIFY(openFields(*key, *sealed, back, 42));
    QCOMPARE(back.recipient, envelope.recipient);
    QCOMPARE(back.destination, envelope.destination);
    QCOMPARE(back.params.notify, envelope.params.notify);
    QCOMPARE(back.params.orcpt, envelope.params.orcpt);
    QCOMPARE(back.action, envelope.action);
    QCOMPARE(back.relay, envelope.relay);
    QVERIFY(!openFields(*key, *sealed, back, 43));
    Message message;
    QVERIFY(!openFields(*key, *sealed, message, 42)); // another kind of row
    QVERIFY(!openError(*key, *sealed, 42));
    QVERIFY(!openFields(*key, sealed->left(sealed->size() - 1), back, 42));
    QVERIFY(!openFields(*key, {}, back, 42));
}

void TestSeal::L09_bombsStopAtTheirSize() {
    // One record of less than 64 KiB that would be 12 MiB.
    const auto packed = deflated(QByteArray(12 << 20, '\0'));
    QVERIFY(packed && packed->size() < 64 * 1024);
    QVERIFY(!inflated(*packed, SealRecord::kPlain));
    const SealPtr seal = sealOf(true, false);
    const QByteArray good = *seal->seal(kId, QByteArray(65'536, '\0'));
    QByteArray bomb = good.left(40);
    QByteArray head(4, '\0');
    qToLittleEndian<quint32>(quint32(packed->size()) | 3u << 24, head.data()); // the last, compressed
    bomb += head + *packed;
    QVERIFY(seal->open(kId, bomb, 12 << 20).error().code == ErrorCode::Corrupt);
    Stored stored(bomb);
    QVERIFY(stored.reader(seal, 12 << 20).read(0, 1).error().code == ErrorCode::Corrupt);

    // Many good records: 1 GiB of zeros in less than 8 MiB, of a message that should have 100 000 octets.
    QByteArray many = good.left(40);
    const QByteArray record = [&] {
        QByteArray one = good.mid(40);
        one[3] = 2; // compressed, not the last
        return one;
    }();
    for (int i = 0; i < 16 * 1024; ++i)
        many += record;
    QVERIFY(many.size() < 8 << 20);
    const auto opened = seal->open(kId, many, 100'000);
    QVERIFY(!opened);
    QVERIFY(opened.error().text.contains("larger than it was"));
    QCOMPARE(seal->plainSize(kId, many), many.size()); // no guess is made
}

void TestSeal::aHostileFileIsCorrupt() { // any octets behind a good header: an answer, no crash
    const SealPtr seals[] = {sealOf(true, false), sealOf(false, true), sealOf(true, true)};
    const QByteArray rubbish = noise(300'000);
    for (const SealPtr& seal : seals)
        for (int i = 0; i < 200; ++i) {
            const QByteArray octets = seal->seal(kId, "x")->left(40) + rubbish.mid(i * 731, 70'000 + i * 100);
            Stored stored(octets);
            QVERIFY(!seal->open(kId, octets, 1 << 30));
            QVERIFY(!stored.reader(seal, 1 << 30).read(0, 1 << 30));
            QVERIFY(!stored.reader(seal, 1 << 30).read(1 << 29, 1 << 20));
            QVERIFY(examine(stored.disk, "/q/content", kId, seal));
        }
}

QTEST_APPLESS_MAIN(TestSeal)
#include "tst_seal.moc"
