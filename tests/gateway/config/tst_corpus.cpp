// SPDX-License-Identifier: GPL-3.0-or-later
//
// The real-world files: each comes back byte for byte, and a file that its own grammar took gives no error here.
#include "support/places.h"
#include "config/document.h"
#include "config/views/statement_view.h"

#include <QDir>
#include <QFile>
#include <QTest>

using namespace postern::config;
using namespace Qt::StringLiterals;

namespace {

const QString kFolder = QStringLiteral(POSTERN_SOURCE_DIR "/tests/corpus/smtpd_conf/");

QByteArray contentOf(const QString& name) {
    QFile file(kFolder + name);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

QByteArrayList printed(const Diagnostics& diagnostics, Severity severity) {
    QByteArrayList lines;
    for (const Diagnostic& diagnostic : diagnostics) {
        if (diagnostic.severity == severity)
            lines.append(diagnostic.print());
    }
    return lines;
}

} // namespace

class TestCorpus : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void textComesBack_data() { files(); }
    void textComesBack();
    void verdict_data() { files(); }
    void verdict();
    void rejectedFilesAreNamedAtTheSameLine();

  private:
    void files();
};

void TestCorpus::files() {
    QTest::addColumn<QString>("name");
    QTest::addColumn<QByteArray>("dialect");
    QTest::addColumn<bool>("good");
    const QList<QByteArray> lines = contentOf(u"INDEX.tsv"_s).split('\n');
    QVERIFY(lines.size() > 150);
    for (const QByteArray& line : lines.sliced(1)) {
        const QList<QByteArray> fields = line.split('\t');
        if (fields.size() < 7)
            continue;
        QTest::newRow(fields[0].constData())
            << QString::fromUtf8(fields[0]) << fields[4] << (fields[5] == "grammar=ok");
    }
}

void TestCorpus::textComesBack() {
    QFETCH(const QString, name);
    const QByteArray bytes = contentOf(name);
    QVERIFY(!bytes.isEmpty());
    QCOMPARE(Document::parse(name.toUtf8(), bytes)->root().text(), bytes);
}

void TestCorpus::verdict() {
    QFETCH(const QString, name);
    QFETCH(const QByteArray, dialect);
    QFETCH(const bool, good);
    const DocumentPtr document = Document::parse(name.toUtf8(), contentOf(name));
    const QByteArray found = toString(document->dialect()).toByteArray();
    QVERIFY2(dialect == "map2012" || found == dialect, found.constData());
    const QByteArrayList errors = printed(document->diagnostics(), Severity::Error);
    if (good)
        QCOMPARE(errors, QByteArrayList());
}

// Where a checker of the time said "line N: syntax error", something is said at one of those lines here, too. Left out:
// two files of spellings older or newer than the checkers, which are read on purpose, and one whose checker counted the
// line before.
void TestCorpus::rejectedFilesAreNamedAtTheSameLine() {
    const QByteArrayList exceptions = {"map2012/076-OpenSMTPD-OpenSMTPD.conf", "legacy/256-DanielCollins-dotfiles.conf",
                                       "legacy/054-OpenSMTPD-OpenSMTPD.conf"};
    int rejected = 0;
    for (const QByteArray& line : contentOf(u"INDEX.tsv"_s).split('\n').sliced(1)) {
        const QList<QByteArray> fields = line.split('\t');
        if (fields.size() < 7 || fields[5] == "grammar=ok")
            continue;
        ++rejected;
        const QString name = QString::fromUtf8(fields[0]);
        bool found = exceptions.contains(fields[0]);
        const DocumentPtr document = Document::parse(fields[0], contentOf(name));
        for (const Diagnostic& diagnostic : document->diagnostics())
            found = found || fields[6].contains("line " + QByteArray::number(diagnostic.line) + ':');
        QVERIFY2(found, fields[0].constData());
    }
    QCOMPARE(rejected, 22);
}

QTEST_APPLESS_MAIN(TestCorpus)
#include "tst_corpus.moc"
