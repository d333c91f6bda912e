// SPDX-License-Identifier: GPL-3.0-or-later
//
// Files that nobody should ever hand to posternctl: a clear answer, little memory, no hang. And every real one comes back from
// `print` byte for byte.
#include "support/places.h"
#include "stories/support/gateway_process.h"

#include <QDirIterator>
#include <QFile>
#include <QTest>

#include <sys/stat.h>

using namespace Qt::StringLiterals;
using namespace postern::test;

namespace {

constexpr int kMostMegabytes = 1500; // address space of posternctl, its libraries included
constexpr int kMostSeconds = 30;

const QByteArray kRule = "action \"out\" relay\nmatch from local for any action \"out\"\n";

// posternctl under a limit that turns a runaway into a crash.
Ran bounded(const QStringList& words) {
    const QString command = u"ulimit -v %1; exec \"$0\" \"$@\""_s.arg(kMostMegabytes * 1024);
    return run(u"/bin/sh"_s, QStringList{u"-c"_s, command, QStringLiteral(POSTERN_BIN_DIR "/posternctl")} + words, {}, kMostSeconds);
}

} // namespace

class StoryHardInput : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void checkSaysWhatIsWrong_data() {
        QTest::addColumn<QByteArray>("text"); // %1 is the folder
        QTest::addColumn<QByteArray>("expected"); // a piece of standard error
        const auto row = [](const char* name, const QByteArray& text, const QByteArray& expected) {
            QTest::newRow(name) << text << expected;
        };
        row("C01 a cycle of includes", "include \"smtpd.conf\"\n" + kRule, "smtpd.conf:1:9: error: \"%1/smtpd.conf\" includes itself");
        row("an include of a folder", "include \"%1\"\n" + kRule, ":1:9: error: cannot read %1: Is a directory");
        row("an include that is not there", "include \"none.conf\"\n" + kRule, ":1:9: error: cannot look at %1/none.conf: No such file");
        row("an include without end", "include \"/dev/zero\"\n" + kRule, ":1:9: error: cannot read /dev/zero: it is not a regular file");
        row("an include that waits for a writer", "include \"fifo\"\n" + kRule, ":1:9: error: cannot read %1/fifo: it is not a regular file");
        row("a table that waits for a writer", "table t file:fifo\nmatch from any for domain <t> reject\n", ":1:9: error: table t: cannot read %1/fifo");
        row("a table without end", "table t file:/dev/zero\nmatch from any for domain <t> reject\n", ":1:9: error: table t: cannot read /dev/zero");
        row("a table of 1 GiB", "table t file:sparse\nmatch from any for domain <t> reject\n", ":1:9: error: table t: the file is larger than 256 MiB");
        row("C01 a macro that names itself", "x = \"$x\"\nlisten on $x\n" + kRule, ":2:11: error: the value of $x uses $x");
        row("macros that would multiply", "a = \"" + QByteArray("x ").repeated(4000) + "\"\ntable t {\n" + QByteArray("$a\n").repeated(20000) + "}\n" + kRule,
            "macros expand to more than 1000000 words");
        row("10 000 open braces", "table t " + QByteArray(10000, '{') + "\n" + kRule, ":1:10: error: expected a value or \"}\"");
        row("a table named like a word of the language", "table any { \"a.test\" }\n" + kRule, ":1:7: error: \"any\" is a word of the language");
        row("C01 NUL bytes", QByteArray(1 << 20, '\0'), ":1:1: error: unknown statement \"\\x00\"");
        row("a line of 20 MiB", QByteArray(20 << 20, 'a'), ":1:1: error: unknown statement \"aaaa");
        row("8 000 000 empty lines and then a rule", QByteArray(8'000'000, '\n') + kRule, ":8000001:1: error: the file has too many words");
        row("200 000 listeners on one address", QByteArray("listen on 127.0.0.1 port 2525\n").repeated(200000) + "frobnicate\n" + kRule,
            ":200001:1: error: unknown statement \"frobnicate\"");
        row("macros that name each other, 1 000 000 000 words deep",
            "a0 = \"x x x x x x x x x x\"\na1 = \"$a0 $a0 $a0 $a0 $a0 $a0 $a0 $a0 $a0 $a0\"\ntable t { $a1 }\n" + kRule,
            ":3:11: error: the value of $a1 uses $a0, but macros are not expanded inside macros");
        row("a $ without a name", "listen on $\n" + kRule, ":1:11: error: a $ needs the name of a macro right behind it");
        row("5 MiB of quotes", QByteArray(5 << 20, '"') + "\n" + kRule, ":1:1: error: unknown statement \"\"");
        row("200 000 statements that are none", QByteArray("frobnicate\n").repeated(200000), "more than 1000 errors; the others are not shown");
        row("50 000 tables that are not there", QByteArray("match from any for domain <none> reject\n").repeated(50000), "more than 1000 errors; the others are not shown");
    }
    void checkSaysWhatIsWrong() {
        QFETCH(const QByteArray, text);
        QFETCH(const QByteArray, expected);
        GatewayProcess files("");
        const QByteArray folder = QFile::encodeName(files.folder());
        QFile sparse(files.path(u"sparse"_s));
        QVERIFY(sparse.open(QIODevice::WriteOnly) && sparse.resize(1LL << 30));
        QVERIFY(::mkfifo(QFile::encodeName(files.path(u"fifo"_s)).constData(), 0600) == 0);
        files.setConfig(QByteArray(text).replace("%1", folder));
        const Ran ran = bounded({u"check"_s, u"-f"_s, files.path(u"smtpd.conf"_s)});
        QCOMPARE(ran.exit, 1);
        STORY_VERIFY(ran.err.contains(QByteArray(expected).replace("%1", folder)), ran.err.left(2000));
    }

    void aFileThatIsNoneIsNamed_data() {
        QTest::addColumn<QString>("command");
        QTest::addColumn<QString>("file");
        QTest::addColumn<QByteArray>("expected");
        for (const QString& command : {u"check"_s, u"print"_s}) {
            const auto row = [&](const char* name, const QString& file, const QByteArray& expected) {
                QTest::addRow("%s: %s", qPrintable(command), name) << command << file << expected;
            };
            row("a folder", u"."_s, "Is a directory");
            row("without end", u"/dev/zero"_s, "it is not a regular file");
            row("waits for a writer", u"fifo"_s, "it is not a regular file");
            row("not there", u"none.conf"_s, "No such file or directory");
        }
        QTest::newRow("check: 100 MiB") << u"check"_s << u"sparse"_s << QByteArray("is too large to be a configuration: 104857600 bytes");
    }
    void aFileThatIsNoneIsNamed() {
        QFETCH(const QString, command);
        QFETCH(const QString, file);
        QFETCH(const QByteArray, expected);
        GatewayProcess files("");
        QFile sparse(files.path(u"sparse"_s));
        QVERIFY(sparse.open(QIODevice::WriteOnly) && sparse.resize(100LL << 20));
        QVERIFY(::mkfifo(QFile::encodeName(files.path(u"fifo"_s)).constData(), 0600) == 0);
        const Ran ran = bounded({command, file.startsWith(u'/') ? file : files.path(file)});
        QCOMPARE(ran.exit, 1);
        STORY_VERIFY(ran.err.contains(expected), ran.err.left(2000));
    }

    void aTerminalHearsNothingThatItWouldObey() {
        GatewayProcess files("");
        files.setConfig("frob\x1b]0;owned\x07 \xff\xfe\nlisten on \"\x1b[2J\xe2\x80\xae\" tga\n" + kRule);
        const Ran ran = bounded({u"check"_s, u"-f"_s, files.path(u"smtpd.conf"_s)});
        QCOMPARE(ran.exit, 1);
        STORY_VERIFY(!ran.err.isEmpty() && !ran.err.contains('\x1b') && !ran.err.contains('\x07') && !ran.err.contains('\xff') &&
                         !ran.err.contains("\xe2\x80\xae"),
                     ran.err.toPercentEncoding(" :"));
    }

    void printGivesBackALongFile() {
        GatewayProcess files("");
        const QByteArray text = "# a comment\n" + QByteArray("match from any for domain \"a.example\" reject\n").repeated(200000);
        files.setConfig(text);
        const Ran ran = bounded({u"print"_s, files.path(u"smtpd.conf"_s)});
        QCOMPARE(ran.exit, 0);
        QVERIFY(ran.out == text);
    }

    void printGivesBackEveryFileOfTheCorpus() {
        int count = 0;
        for (QDirIterator each(QStringLiteral(POSTERN_SOURCE_DIR "/tests/corpus/smtpd_conf"), {u"*.conf"_s}, QDir::Files, QDirIterator::Subdirectories); each.hasNext();) {
            QFile file(each.next());
            QVERIFY(file.open(QIODevice::ReadOnly));
            const Ran ran = bounded({u"print"_s, file.fileName()});
            QVERIFY2(ran.exit == 0 && ran.out == file.readAll(), qPrintable(file.fileName()));
            ++count;
        }
        QVERIFY(count > 150);
    }
};

QTEST_GUILESS_MAIN(StoryHardInput)
#include "tst_story_hard_input.moc"
