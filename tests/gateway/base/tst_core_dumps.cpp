// SPDX-License-Identifier: GPL-3.0-or-later
//
// The memory of this process stays off the disk (threats X04).
#include "base/core_dumps.h"

#include <QTest>

#include <sys/resource.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

class TestCoreDumps : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void X04_areOff() {
        postern::forbidCoreDumps();
        rlimit limit{1, 1};
        QCOMPARE(getrlimit(RLIMIT_CORE, &limit), 0);
        QCOMPARE(limit.rlim_cur, rlim_t(0));
        QCOMPARE(limit.rlim_max, rlim_t(0)); // and cannot be raised again without privilege
#ifdef __linux__
        QCOMPARE(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 0);
#endif
    }
};

QTEST_APPLESS_MAIN(TestCoreDumps)
#include "tst_core_dumps.moc"
