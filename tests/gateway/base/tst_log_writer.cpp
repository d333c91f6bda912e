// SPDX-License-Identifier: GPL-3.0-or-later
//
// A log that nobody reads costs lines, never time.
#include "base/log_writer.h"

#include <QTest>

#include <algorithm>

#include <fcntl.h>
#include <unistd.h>

using namespace postern;
using namespace Qt::StringLiterals;

namespace {

struct Pipe {
    int ends[2] = {-1, -1};
    Pipe() {
        if (::pipe(ends) != 0)
            qFatal("no pipe");
    }
    ~Pipe() {
        closeReader();
        ::close(ends[1]);
    }
    void closeReader() {
        if (ends[0] >= 0)
            ::close(std::exchange(ends[0], -1));
    }
    // Everything that comes until `end`.
    QByteArray readUntil(const QByteArray& end) const {
        QByteArray all;
        char piece[65536];
        while (!all.endsWith(end)) {
            const ssize_t got = ::read(ends[0], piece, sizeof piece);
            if (got <= 0)
                break;
            all.append(piece, got);
        }
        return all;
    }
};

} // namespace

class TestLogWriter : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void writesLinesInOrder() {
        const Pipe pipe;
        LogWriter writer(pipe.ends[1]);
        for (int i = 0; i < 100; ++i)
            writer.add("line " + QByteArray::number(i) + '\n');
        QByteArray wanted;
        for (int i = 0; i < 100; ++i)
            wanted += "line " + QByteArray::number(i) + '\n';
        QCOMPARE(pipe.readUntil("line 99\n"), wanted);
        QVERIFY(writer.flush());
    }

    // 4 MiB into a pipe that holds 64 KiB and has no reader: every call returns, the newest lines are dropped and counted.
    void aPipeThatNobodyReadsStopsNobody() {
        const Pipe pipe;
        LogWriter writer(pipe.ends[1]);
        const QByteArray line = QByteArray(1023, 'x') + '\n';
        for (int i = 0; i < 4096; ++i)
            writer.add(line);
        QVERIFY(!writer.flush(Milliseconds(0)));
        // the reader is back: what waited comes whole, the rest is counted, new lines follow
        QByteArray all;
        char piece[65536];
        ::fcntl(pipe.ends[0], F_SETFL, O_NONBLOCK);
        while (!writer.flush(Milliseconds(1)))
            all.append(piece, std::max<ssize_t>(::read(pipe.ends[0], piece, sizeof piece), 0));
        ::fcntl(pipe.ends[0], F_SETFL, 0);
        writer.add("after\n");
        all += pipe.readUntil("after\n");
        qint64 whole = 0, dropped = 0;
        for (const QByteArray& one : all.split('\n')) {
            whole += one.size() == line.size() - 1;
            if (one.endsWith(" log lines were dropped: nobody read them"))
                dropped += one.left(one.indexOf(' ')).toLongLong();
        }
        QVERIFY(whole >= LogWriter::kMostWaiting / line.size());
        QVERIFY(dropped > 0);
        QCOMPARE(whole + dropped, 4096);
    }

    void aReaderThatIsGoneHurtsNobody() {
        Pipe pipe;
        LogWriter writer(pipe.ends[1]);
        pipe.closeReader();
        writer.add("for nobody\n"); // SIGPIPE would end this test
        QVERIFY(writer.flush());
    }
};

QTEST_APPLESS_MAIN(TestLogWriter)
#include "tst_log_writer.moc"
