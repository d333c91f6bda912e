// SPDX-License-Identifier: GPL-3.0-or-later
//
// Room on the disk: asked for now and then, and what came since is taken off (threats L10, Q04).
#include "engine/disk_room.h"

#include "support/fake_clock.h"
#include "support/memory_file_store.h"

#include <QTest>

using namespace postern;
using namespace postern::test;
using engine::DiskRoom;
using queue::ClientShares;

class TestDiskRoom : public QObject {
    Q_OBJECT

    FakeClock m_clock;
    MemoryFileStore m_disk;
    std::shared_ptr<ClientShares> m_shares;
    std::unique_ptr<DiskRoom> m_room;

  private Q_SLOTS:
    void init() {
        m_clock.advance(Seconds(10));
        m_disk.setFreeBytes(1000);
        m_shares = std::make_shared<ClientShares>();
        m_room = std::make_unique<DiskRoom>(m_disk, m_clock, "/q", 100, std::make_shared<std::atomic<qint64>>(0), m_shares);
    }

    void asksAFewTimesASecondAtMost() {
        QCOMPARE(m_room->octets(), 900);
        m_disk.setFreeBytes(500);
        m_clock.advance(Milliseconds(199));
        QCOMPARE(m_room->octets(), 900);
        m_clock.advance(Milliseconds(1));
        QCOMPARE(m_room->octets(), 400);
        m_disk.setFreeBytes(50); // the reserve is in use
        m_clock.advance(Milliseconds(200));
        QCOMPARE(m_room->octets(), -50);
    }

    void L10_aBurstDoesNotShareOutTheSameRoomTwice() {
        QCOMPARE(m_room->octets(), 900);
        std::vector<ClientShares::Share> mails;
        int taken = 0; // of 100 octets each, before the disk is asked again
        while (m_shares->mayTake("192.0.2.7", 100, m_room->octets())) {
            mails.push_back(m_shares->take("192.0.2.7", 100));
            QVERIFY(++taken < 10);
        }
        QCOMPARE(taken, 4); // half of 900, in whole mails
        QCOMPARE(m_room->octets(), 500);
        m_disk.setFreeBytes(600); // they are on it now
        m_clock.advance(Milliseconds(200));
        QCOMPARE(m_room->octets(), 500); // and are not taken off once more
        mails.clear();                   // nor given back before the disk says so
        QCOMPARE(m_room->octets(), 500);
    }
};

QTEST_APPLESS_MAIN(TestDiskRoom)
#include "tst_disk_room.moc"
