// SPDX-License-Identifier: GPL-3.0-or-later
//
// The log on disk: all lines in order over its files, never more than promised, for nobody else's eyes, through no link.
#include "base/log_file.h"

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <sys/stat.h>

using namespace postern;
using namespace Qt::StringLiterals;

namespace {

QByteArray contentOf(const QByteArray& path) {
    QFile file(QFile::decodeName(path));
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

int modeOf(const QByteArray& path) {
    struct stat st {};
    return ::lstat(path.constData(), &st) == 0 ? int(st.st_mode & 07777) : -1;
}

QByteArray lineOf(int number) {
    return "line " + QByteArray::number(1'000'000 + number); // 12 octets, 13 with its end
}

} // namespace

class TestLogFile : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;
    QByteArray fresh(const char* name) const { return QFile::encodeName(m_folder.filePath(QString::fromLatin1(name))); }

  private Q_SLOTS:
    void keepsLinesInOrderAndGoesOnAfterARestart() {
        const QByteArray folder = fresh("order");
        for (int start = 0; start < 2; ++start) {
            auto log = LogFile::open(folder);
            QVERIFY(log.has_value());
            (*log)->add(start == 0 ? "one" : "three");
            (*log)->add(start == 0 ? "two" : "four");
        }
        QCOMPARE(contentOf(folder + "/postern.log"), "one\ntwo\nthree\nfour\n"_ba);
        QCOMPARE(LogFile::filesOf(folder), QByteArrayList{folder + "/postern.log"});
    }

    // 1 000 lines of 13 octets into files of 130: ten lines each, and of them the last four files are kept.
    void isBoundedAndKeepsTheYoungest() {
        const QByteArray folder = fresh("bounded");
        {
            auto log = LogFile::open(folder, {130, 3});
            QVERIFY(log.has_value());
            for (int i = 0; i < 1000; ++i) {
                (*log)->add(lineOf(i));
                if (i % 7 == 0)
                    QVERIFY((*log)->flush()); // lines come one by one and many at once
            }
        }
        const QByteArrayList files = LogFile::filesOf(folder);
        QCOMPARE(files, QByteArrayList({folder + "/postern.log.3", folder + "/postern.log.2", folder + "/postern.log.1",
                                        folder + "/postern.log"}));
        QByteArray all;
        for (const QByteArray& file : files) {
            QCOMPARE(contentOf(file).size(), 130);
            all += contentOf(file);
        }
        QByteArray wanted;
        for (int i = 960; i < 1000; ++i)
            wanted += lineOf(i) + '\n';
        QCOMPARE(all, wanted);
    }

    void aLineLongerThanAFileIsWrittenWhole() {
        const QByteArray folder = fresh("long");
        const QByteArray longLine(500, 'x');
        {
            auto log = LogFile::open(folder, {130, 2});
            QVERIFY(log.has_value());
            for (const QByteArray& line : {QByteArray("before"), longLine, QByteArray("after")})
                (*log)->add(line);
        }
        QByteArray all;
        for (const QByteArray& file : LogFile::filesOf(folder))
            all += contentOf(file);
        QCOMPARE(all, "before\n" + longLine + "\nafter\n");
    }

    void C08_isForTheOwnerOnlyWhateverTheUmask() {
        const QByteArray folder = fresh("modes");
        const mode_t before = ::umask(0);
        {
            auto log = LogFile::open(folder, {20, 1});
            ::umask(before);
            QVERIFY(log.has_value());
            ::umask(0); // files of later, too
            for (int i = 0; i < 5; ++i)
                (*log)->add(lineOf(i));
            QVERIFY((*log)->flush());
        }
        ::umask(before);
        QCOMPARE(modeOf(folder), 0700);
        QCOMPARE(modeOf(folder + "/postern.log"), 0600);
        QCOMPARE(modeOf(folder + "/postern.log.1"), 0600);
    }

    void C03_followsNoLink_data() {
        QTest::addColumn<QString>("place");
        QTest::addRow("of the file") << u"/logs/postern.log"_s;
        QTest::addRow("of the folder") << u"/logs"_s;
    }
    void C03_followsNoLink() {
        QFETCH(QString, place);
        const QTemporaryDir root;
        QVERIFY(QDir(root.path()).mkdir(u"elsewhere"_s));
        QFile precious(root.filePath(u"elsewhere/postern.log"_s));
        QVERIFY(precious.open(QIODevice::WriteOnly) && precious.write("precious\n") > 0);
        precious.close();
        if (place.endsWith(u".log"_s)) {
            QVERIFY(QDir(root.path()).mkdir(u"logs"_s));
            QVERIFY(precious.link(root.path() + place));
        } else {
            QVERIFY(QFile::link(root.filePath(u"elsewhere"_s), root.path() + place));
        }
        const auto log = LogFile::open(QFile::encodeName(root.path()) + "/logs");
        QVERIFY(!log.has_value());
        QVERIFY2(log.error().text.contains("link") && log.error().text.contains("remove it"), log.error().text.constData());
        QCOMPARE(contentOf(QFile::encodeName(precious.fileName())), "precious\n"_ba);
    }

    void aFolderThatCannotBeIsToldWithItsCure() {
        const auto log = LogFile::open(fresh("no/such/place"));
        QVERIFY(!log.has_value());
        QVERIFY2(log.error().text.contains("no/such/place"), log.error().text.constData());
    }
};

QTEST_APPLESS_MAIN(TestLogFile)
#include "tst_log_file.moc"
