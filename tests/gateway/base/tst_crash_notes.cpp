// SPDX-License-Identifier: GPL-3.0-or-later
//
// A program that dies of its own fault leaves behind what it was at work on, and dies all the same; one that is killed leaves
// nothing. Each death is a real one, of a child of this test.
#include "base/crash_notes.h"

#include <QTemporaryDir>
#include <QTest>

#include <csignal>
#include <cstdlib>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace postern;

namespace {

constexpr quint32 kWork = 0x0a2b3c4d;

// Not a loop to the compiler: each round needs its frame.
volatile int g_deepest = 1 << 30;
int withoutEnd(int depth) {
    volatile char frame[4096];
    frame[size_t(depth) % sizeof frame] = 1;
    return depth > g_deepest ? 0 : withoutEnd(depth + 1) + frame[0];
}

void segfault() {
    (void)std::raise(SIGSEGV);
}
void arithmetic() {
    (void)std::raise(SIGFPE);
}
void recursion() {
    (void)withoutEnd(0);
}
void killed() {
    (void)std::raise(SIGKILL);
}
void leaves() {
    ::_exit(0);
}

using Deed = void (*)();

} // namespace
Q_DECLARE_METATYPE(Deed)

class TestCrashNotes : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;
    QByteArray file() const { return m_folder.filePath(QStringLiteral("crashes")).toUtf8(); }

    // What the child died of.
    int dies(Deed deed, quint32 work) const {
        const pid_t child = ::fork();
        if (child == 0) {
            const rlimit none{0, 0};
            (void)::setrlimit(RLIMIT_CORE, &none);
            for (const int signal : {SIGSEGV, SIGFPE, SIGABRT})
                (void)std::signal(signal, SIG_DFL); // the test program's own handlers stay out of it
            const auto notes = CrashNotes::open(file());
            if (!notes)
                ::_exit(2);
            const AtWork here(work);
            {
                const AtWork inner(7);
            }
            deed();
            ::_exit(3);
        }
        int status = 0;
        ::waitpid(child, &status, 0);
        return WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
    }
    std::map<quint32, int> counts() const {
        const auto notes = CrashNotes::open(file());
        return notes ? (*notes)->counts() : std::map<quint32, int>{{0, -1}};
    }

  private Q_SLOTS:
    void cleanup() { (void)::unlink(file().constData()); }

    void Q15_aDeathIsNoted_data() {
        QTest::addColumn<Deed>("deed");
        QTest::addColumn<quint32>("work");
        QTest::addColumn<int>("signal");
        QTest::addColumn<int>("notes");
        QTest::newRow("a bad address") << Deed(segfault) << kWork << SIGSEGV << 1;
        QTest::newRow("a broken assumption") << Deed(std::abort) << kWork << SIGABRT << 1;
        QTest::newRow("a division by zero") << Deed(arithmetic) << kWork << SIGFPE << 1;
        QTest::newRow("a recursion without end") << Deed(recursion) << kWork << SIGSEGV << 1;
        QTest::newRow("killed: not its fault") << Deed(killed) << kWork << SIGKILL << 0;
        QTest::newRow("an orderly end") << Deed(leaves) << kWork << 0 << 0;
        QTest::newRow("at work on nothing in particular") << Deed(segfault) << quint32(0) << SIGSEGV << 0;
    }
    void Q15_aDeathIsNoted() {
        QFETCH(const Deed, deed);
        QFETCH(const quint32, work);
        QFETCH(const int, signal);
        QFETCH(const int, notes);
        QCOMPARE(dies(deed, work), signal);
        QCOMPARE(counts(), notes ? (std::map<quint32, int>{{work, notes}}) : (std::map<quint32, int>()));
    }

    void deathsAddUpAndAreForgottenWhenToldSo() {
        for (int i = 0; i < 3; ++i)
            QCOMPARE(dies(segfault, kWork), SIGSEGV);
        QCOMPARE(dies(segfault, 12), SIGSEGV);
        QCOMPARE(counts(), (std::map<quint32, int>{{12, 1}, {kWork, 3}}));
        {
            const auto notes = CrashNotes::open(file());
            QVERIFY(notes);
            (*notes)->keepOnly({{12, 5}, {99, 1}});
        }
        QCOMPARE(counts(), (std::map<quint32, int>{{12, 1}}));
    }

    void aFileOfRubbishIsNoNotes() {
        QFile broken(QString::fromUtf8(file()));
        QVERIFY(broken.open(QIODevice::WriteOnly));
        broken.write("0a2b3c4d\nxyz\n00000000\n0a2b3c4d0a2b3c4d\n0a2b3c");
        broken.close();
        QCOMPARE(counts(), (std::map<quint32, int>{{kWork, 1}}));
    }

    void oneOfAProgramKeepsThem() {
        auto first = CrashNotes::open(file());
        QVERIFY(first);
        QVERIFY(!CrashNotes::open(m_folder.filePath(QStringLiteral("other")).toUtf8()));
        first.value().reset();
        QVERIFY(CrashNotes::open(file()));
    }

    void C03_aLinkIsNotFollowed() {
        QVERIFY(QFile::link(m_folder.filePath(QStringLiteral("elsewhere")), QString::fromUtf8(file())));
        QVERIFY(!CrashNotes::open(file()));
        QVERIFY(!QFile::exists(m_folder.filePath(QStringLiteral("elsewhere"))));
    }
};

QTEST_APPLESS_MAIN(TestCrashNotes)
#include "tst_crash_notes.moc"
