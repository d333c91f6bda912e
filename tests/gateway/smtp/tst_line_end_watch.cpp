// SPDX-License-Identifier: GPL-3.0-or-later
//
// Lone CRs and LFs, found wherever the pieces are cut. RFC 5321 2.3.8.
#include "smtp/line_end_watch.h"

#include <QTest>

using namespace Qt::StringLiterals;
using namespace postern;

class TestLineEndWatch : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void finds_data() {
        QTest::addColumn<QByteArray>("octets");
        QTest::addColumn<qint64>("at");
        QTest::newRow("nothing") << ""_ba << qint64(-1);
        QTest::newRow("no line end") << "abc"_ba << qint64(-1);
        QTest::newRow("lines") << "a\r\n\r\n.\r\nb\r\n"_ba << qint64(-1);
        QTest::newRow("LF first") << "\n"_ba << qint64(0);
        QTest::newRow("LF") << "ab\nc\r\n"_ba << qint64(2);
        QTest::newRow("LF behind CR LF") << "a\r\n\n"_ba << qint64(3);
        QTest::newRow("CR") << "ab\rc\r\n"_ba << qint64(2);
        QTest::newRow("CR CR LF") << "a\r\r\n"_ba << qint64(1);
        QTest::newRow("CR at the end") << "a\r\nb\r"_ba << qint64(4);
        QTest::newRow("the first of several") << "a\nb\rc\n"_ba << qint64(1);
    }
    void finds() {
        QFETCH(QByteArray, octets);
        QFETCH(qint64, at);
        for (qsizetype first = 0; first <= octets.size(); ++first) {
            for (qsizetype second = first; second <= octets.size(); ++second) {
                smtp::LineEndWatch watch;
                qint64 found = watch.feed(QByteArrayView(octets).first(first));
                if (found < 0)
                    found = watch.feed(QByteArrayView(octets).sliced(first, second - first));
                if (found < 0)
                    found = watch.feed(QByteArrayView(octets).sliced(second));
                QCOMPARE(found < 0 ? watch.end() : found, at);
            }
        }
    }
};

QTEST_GUILESS_MAIN(TestLineEndWatch)
#include "tst_line_end_watch.moc"
