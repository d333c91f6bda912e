// SPDX-License-Identifier: GPL-3.0-or-later
//
// Delivery into a maildir: whole or not at all, once, and only below its own folders. Spec: qmail's maildir(5).
#include "mda/deliver.h"
#include "piped_content.h"

#include <QDir>
#include <QDirIterator>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

using namespace postern::mda;
using postern::test::PipedContent;

namespace {

constexpr const char* kName = "1700000000.P00000001000000a1.mx.example";

struct Place {
    QTemporaryDir folder;
    Order order;

    Place() {
        order.task = Task::Maildir;
        order.user = "ann";
        order.path = path("Maildir").toStdString();
        order.name = kName;
    }
    QByteArray path(const QByteArray& name) const { return folder.filePath(QString::fromLatin1(name)).toLocal8Bit(); }
    QByteArray bytes(const QByteArray& name) const {
        QFile f(QString::fromLocal8Bit(path(name)));
        return f.open(QIODevice::ReadOnly) ? f.readAll() : QByteArray("no file");
    }
    void put(const QByteArray& name, const QByteArray& bytes) const {
        QDir().mkpath(QFileInfo(QString::fromLocal8Bit(path(name))).path());
        QFile f(QString::fromLocal8Bit(path(name)));
        if (f.open(QIODevice::WriteOnly))
            f.write(bytes);
    }
    QByteArrayList files() const { // all, below the place
        QByteArrayList out;
        QDirIterator all(folder.path(), QDir::Files | QDir::Hidden | QDir::System, QDirIterator::Subdirectories);
        while (all.hasNext())
            out.append(all.next().mid(folder.path().size() + 1).toLocal8Bit());
        std::sort(out.begin(), out.end());
        return out;
    }
    QByteArray deliver(const std::string& text = "S: t\n\nhi\n", bool isWhole = true) {
        PipedContent piped(text, isWhole);
        const Report report = deliverToMaildir(order, piped.content());
        return (report.ending == Ending::Delivered ? "D " : "T ") +
               QByteArray::fromStdString(report.text).replace(folder.path().toLocal8Bit(), "");
    }
};

QByteArrayList only(const QByteArray& folder) {
    return {folder + "/new/" + kName};
}

} // namespace

class TestMaildir : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void M05_foldersThatAreLinksAreRefused_data() {
        QTest::addColumn<QByteArray>("name");
        QTest::newRow("tmp") << QByteArray("tmp");
        QTest::newRow("new") << QByteArray("new");
        QTest::newRow("cur") << QByteArray("cur");
    }
    void M05_foldersThatAreLinksAreRefused() {
        QFETCH(QByteArray, name);
        Place p;
        QVERIFY(QDir(p.folder.path()).mkpath(QStringLiteral("Maildir")));
        QVERIFY(QDir(p.folder.path()).mkpath(QStringLiteral("elsewhere")));
        QVERIFY(::symlink(p.path("elsewhere").constData(), p.path("Maildir/" + name).constData()) == 0);
        QCOMPARE(p.deliver(), "T 4.2.0 /Maildir/" + name + " is a link or no folder; mail is not delivered through it");
        QCOMPARE(p.files(), QByteArrayList());
    }

    void M05_aMessageCutShortLeavesNothing() {
        Place p;
        QCOMPARE(p.deliver("S: t\n\nhalf", false), QByteArray("T 4.2.0 the message was cut short on its way here"));
        QCOMPARE(p.files(), QByteArrayList());
    }

    void M05_M11_aWriteThatFailsLeavesNothing() {
        Place p;
        rlimit before = {};
        QVERIFY(::getrlimit(RLIMIT_FSIZE, &before) == 0);
        rlimit small = before;
        small.rlim_cur = 100; // stands in for a full disk
        const auto handler = std::signal(SIGXFSZ, SIG_IGN);
        QVERIFY(::setrlimit(RLIMIT_FSIZE, &small) == 0);
        const QByteArray outcome = p.deliver(std::string(500, 'x'));
        QVERIFY(::setrlimit(RLIMIT_FSIZE, &before) == 0);
        std::signal(SIGXFSZ, handler);
        QCOMPARE(outcome, QByteArray("T 4.2.0 /Maildir/tmp/") + kName + ": File too large");
        QCOMPARE(p.files(), QByteArrayList());
    }

    void M05_aFileInTheWayIsNotOverwritten() {
        Place p;
        p.put(QByteArray("Maildir/new/") + kName, "another message\n");
        QCOMPARE(p.deliver(), QByteArray("T 4.2.0 /Maildir/new/") + kName + ": File exists");
        QCOMPARE(p.bytes(QByteArray("Maildir/new/") + kName), QByteArray("another message\n"));
        QCOMPARE(p.files(), only("Maildir"));
    }

    void M06_namesAreNoPaths_data() {
        QTest::addColumn<QByteArray>("name");
        QTest::addColumn<QByteArray>("sub");
        QTest::newRow("a path") << QByteArray("../x") << QByteArray();
        QTest::newRow("hidden") << QByteArray(".x") << QByteArray();
        QTest::newRow("nothing") << QByteArray() << QByteArray();
        QTest::newRow("P13 a sub-address that is a path") << QByteArray("x") << QByteArray("./../x");
    }
    void M06_namesAreNoPaths() {
        QFETCH(QByteArray, name);
        QFETCH(QByteArray, sub);
        Place p;
        p.order.name = name.toStdString();
        p.order.folder = sub.toStdString();
        QCOMPARE(p.deliver(), QByteArray("T 4.3.5 the name for the message cannot be used"));
        QCOMPARE(p.files(), QByteArrayList());
    }

    void M11_aPlaceThatIsNotThere() {
        Place p;
        p.order.path = "Maildir";
        QCOMPARE(p.deliver(), QByteArray("T 4.3.5 \"Maildir\" is not the whole path of a maildir"));
        p.put("home", "");
        p.order.path = p.path("home/Maildir").toStdString();
        QCOMPARE(p.deliver(), QByteArray("T 4.2.0 /home: Not a directory"));
    }

    void aMessageArrives() {
        Place p;
        QCOMPARE(p.deliver(), QByteArray("D /Maildir"));
        QCOMPARE(p.files(), only("Maildir"));
        QCOMPARE(p.bytes(only("Maildir").first()), QByteArray("S: t\n\nhi\n"));
        for (const char* name : {"Maildir", "Maildir/cur", "Maildir/new", "Maildir/tmp"}) {
            struct stat facts = {};
            QVERIFY(::stat(p.path(name).constData(), &facts) == 0);
            QCOMPARE(facts.st_mode & 0777, mode_t(0700));
        }
        struct stat facts = {};
        QVERIFY(::stat(p.path(only("Maildir").first()).constData(), &facts) == 0);
        QCOMPARE(facts.st_mode & 0777, mode_t(0600));
        QCOMPARE(facts.st_nlink, nlink_t(1));
    }

    void M12_aSecondTryFindsWhatTheFirstLeft() {
        Place p;
        p.put(QByteArray("Maildir/tmp/") + kName, "S: t\n\nha"); // cut off while it was written
        QCOMPARE(p.deliver(), QByteArray("D /Maildir"));
        QCOMPARE(p.files(), only("Maildir"));
        QCOMPARE(p.deliver(), QByteArray("D /Maildir (it was there already)")); // the queue had not heard of it
        QCOMPARE(p.files(), only("Maildir"));

        // Its reader saw it meanwhile.
        QVERIFY(QDir(p.folder.path())
                    .rename(QString::fromLatin1(only("Maildir").first()),
                            QStringLiteral("Maildir/cur/") + QLatin1String(kName) + QStringLiteral(":2,S")));
        p.order.mayBeThere = true;
        QCOMPARE(p.deliver(), QByteArray("D /Maildir (it was there already)"));
        QCOMPARE(p.files(), QByteArrayList{QByteArray("Maildir/cur/") + kName + ":2,S"});
        p.order.name += '2'; // another message, whose name only begins alike
        QCOMPARE(p.deliver(), QByteArray("D /Maildir"));
    }

    void subAddressFolders() {
        Place p;
        p.order.folder = "lists";
        QCOMPARE(p.deliver(), QByteArray("D /Maildir")); // there is none of that name
        QVERIFY(QDir(p.folder.path()).mkpath(QStringLiteral("Maildir/.lists")));
        p.order.name += 'b';
        QCOMPARE(p.deliver(), QByteArray("D /Maildir/.lists"));
        QCOMPARE(p.files(),
                 (QByteArrayList{QByteArray("Maildir/.lists/new/") + kName + 'b', QByteArray("Maildir/new/") + kName}));
    }

    void aSubAddressFolderThatIsALinkIsNone() {
        Place p;
        p.order.folder = "lists";
        QVERIFY(QDir(p.folder.path()).mkpath(QStringLiteral("Maildir")) &&
                QDir(p.folder.path()).mkpath(QStringLiteral("elsewhere")));
        QVERIFY(::symlink(p.path("elsewhere").constData(), p.path("Maildir/.lists").constData()) == 0);
        QCOMPARE(p.deliver(), QByteArray("D /Maildir"));
    }

    void junk() {
        Place p;
        p.order.junk = true;
        QCOMPARE(p.deliver("X-Spam: no\n\n"), QByteArray("D /Maildir"));
        p.order.name += 'b';
        QCOMPARE(p.deliver("X-Spam: Yes\n\n"), QByteArray("D /Maildir/.Junk"));
        p.order.name += 'c';
        p.order.junk = false;
        QCOMPARE(p.deliver("X-Spam: Yes\n\n"), QByteArray("D /Maildir"));
        QVERIFY(p.files().contains(QByteArray("Maildir/.Junk/new/") + kName + 'b'));
    }
};

QTEST_GUILESS_MAIN(TestMaildir)
#include "tst_maildir.moc"
