// SPDX-License-Identifier: GPL-3.0-or-later
#include "spool_fixture.h"

#include <QTest>

using namespace postern;
using namespace postern::queue;
using namespace postern::test;

namespace {

const QByteArray kSmall("Subject: hello\r\n\r\nsmall\r\n");
QByteArray large(char fill, qsizetype size = 100'000) {
    return "Subject: large\r\n\r\n" + QByteArray(size, fill);
}

} // namespace

class TestSpool : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void keepsMessagesOverRestart();
};

void TestSpool::keepsMessagesOverRestart() {
    SpoolFixture f;
    QVERIFY(f.open());
    const MessageId a = f.spool->ids()->next(), b = f.spool->ids()->next();
    QVERIFY(f.store(makeMessage(a, kSmall, 2)));
    QVERIFY(f.store(f.inFile(makeMessage(b, large('x')))));
    f.kill();
    QVERIFY(f.open());
    const auto queued = f.spool->load();
    QVERIFY(queued);
    QCOMPARE(queued->size(), size_t(2));
    QCOMPARE(f.content(a).value_or({}), kSmall);
    QCOMPARE(f.content(b).value_or({}), large('x'));
}

QTEST_APPLESS_MAIN(TestSpool)
#include "tst_spool.moc"
