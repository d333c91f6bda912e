// SPDX-License-Identifier: GPL-3.0-or-later
//
// Counters kept beside a database that has no room for them.
#include "engine/spare_counters.h"
#include "support/memory_file_store.h"

#include <QTest>

using namespace postern;
using namespace postern::engine;

using Counters = std::map<QByteArray, qint64>;
Q_DECLARE_METATYPE(Counters)

class TestSpareCounters : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void theNewerOnesCount_data() {
        QTest::addColumn<Counters>("inDatabase");
        QTest::addColumn<Counters>("expected");
        const Counters spare{{"day", 100}, {"taken", 3}, {"refused", 4}, {"taken-7", 3}};
        QTest::addRow("more was counted since") << Counters{{"day", 100}, {"taken", 3}, {"refused", 0}, {"paused", 1}}
                                                << Counters{{"day", 100}, {"taken", 3}, {"refused", 4}, {"taken-7", 3}, {"paused", 1}};
        QTest::addRow("the database went on") << Counters{{"day", 100}, {"taken", 3}, {"refused", 5}} << Counters{{"day", 100}, {"taken", 3}, {"refused", 5}};
        QTest::addRow("the database is of the day behind") << Counters{{"day", 101}, {"taken", 1}} << Counters{{"day", 101}, {"taken", 1}};
        QTest::addRow("the database is of the day before") << Counters{{"day", 99}, {"taken", 50}} << spare;
        QTest::addRow("the database has none") << Counters{} << spare;
    }
    void theNewerOnesCount() {
        QFETCH(Counters, inDatabase);
        QFETCH(Counters, expected);
        test::MemoryFileStore files;
        SpareCounters counters(files, "/q/today");
        counters.makeRoom();
        QVERIFY(counters.newer(inDatabase) == inDatabase); // nothing kept there yet
        counters.keep({{"day", 100}, {"taken", 3}, {"refused", 4}, {"taken-7", 3}});
        counters.makeRoom(); // of the next start: leaves it
        QCOMPARE(files.size("/q/today").value_or(0), SpareCounters::kOctets);
        QVERIFY(counters.newer(inDatabase) == expected);
    }

    void halfAFileIsNone() {
        test::MemoryFileStore files;
        files.put("/q/today", "day 100\ntaken 3\nrefus");
        const SpareCounters counters(files, "/q/today");
        const Counters kept{{"day", 99}};
        QVERIFY(counters.newer(kept) == kept);
        files.put("/q/today", "day 100\nrubbish\ntaken x\nrefused 2\nend\n");
        QVERIFY(counters.newer(kept) == (Counters{{"day", 100}, {"refused", 2}}));
    }
};

QTEST_GUILESS_MAIN(TestSpareCounters)
#include "tst_spare_counters.moc"
