// SPDX-License-Identifier: GPL-3.0-or-later
//
// Real configurations against what the real checkers said of them: 6.8 for action/match, 5.9 and 6.0 for
// accept/reject, three snapshots of 2012 for that dialect. Only the text is asked about, as other files are
// not here.
#include "policy/compile.h"

#include "support/memory_file_store.h"

#include <QFile>
#include <QTest>

#include <map>

using namespace postern;
using namespace postern::policy;

namespace {

const QByteArray kCorpus = POSTERN_SOURCE_DIR "/tests/corpus/smtpd_conf/";

QByteArray contentOf(const QByteArray& path) {
    QFile file(QFile::decodeName(path));
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

Era eraNamed(const QByteArray& name) {
    return name == "map2012" ? Era::Map2012 : name == "legacy" ? Era::Legacy : Era::Modern;
}

// Where we knowingly say something else, and why.
const std::map<QByteArray, const char*>& differences() {
    static const char* excerpt =
        "an excerpt of a document: the checker looked at its grammar, we miss what it leaves out";
    static const std::map<QByteArray, const char*> all{
        {"legacy/020-OpenSMTPD-table-sqlite.conf", excerpt},
        {"legacy/042-OpenSMTPD-table-postgres.conf", excerpt},
        {"legacy/126-OpenSMTPD-OpenSMTPD-extras.conf", excerpt},
        {"legacy/300-poolpOrg-poolp.org.conf", excerpt},
        {"map2012/030-OpenSMTPD-OpenSMTPD.conf", excerpt},
        {"map2012/144-OpenSMTPD-OpenSMTPD.conf", excerpt},
        {"map2012/298-OpenSMTPD-OpenSMTPD.conf", excerpt},
        {"legacy/062-OpenSMTPD-OpenSMTPD.conf",
         "tls+auth:// without a label: the grammar takes it, starting up does not"},
        {"legacy/128-vixns-docker-opensmtpd.conf",
         "no newline at the end, which readers until 6.3 refuse and we don't"},
        {"legacy/256-DanielCollins-dotfiles.conf",
         "written for 5.3, which later checkers refuse and we read"},
    };
    return all;
}

} // namespace

class TestCorpusVerdicts : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void verdictsAreTheCheckers_data();
    void verdictsAreTheCheckers();
};

void TestCorpusVerdicts::verdictsAreTheCheckers_data() {
    QTest::addColumn<QByteArray>("file");
    QTest::addColumn<int>("era");
    QTest::addColumn<bool>("isGood");
    const QByteArrayList lines = contentOf(kCorpus + "INDEX.tsv").split('\n');
    QVERIFY(lines.size() > 100);
    for (qsizetype i = 1; i < lines.size(); ++i) {
        const QByteArrayList columns =
            lines[i].split('\t'); // file repo path commit dialect grammar message notes
        if (columns.size() < 7 || columns[5] == "grammar=n/a")
            continue; // no checker of its time is at hand
        const bool isGood = columns[5] == "grammar=ok" && !columns[6].contains("semantic:");
        QTest::addRow("%s %s", columns[0].constData(), columns[6].left(90).constData())
            << columns[0] << int(eraNamed(columns[4])) << isGood;
    }
}

void TestCorpusVerdicts::verdictsAreTheCheckers() {
    QFETCH(QByteArray, file);
    QFETCH(int, era);
    QFETCH(bool, isGood);
    test::MemoryFileStore nothingElse;
    CompileOptions options;
    options.syntaxOnly = true;
    options.dialect = Era(era);
    const Compiled result = compileText(nothingElse, file, contentOf(kCorpus + file), options);
    QByteArray errors;
    for (const config::Diagnostic& one : result.diagnostics) {
        if (one.severity == config::Severity::Error)
            errors += one.print() + "\n";
    }
    const bool differs = differences().contains(file);
    QVERIFY2(result.isUsable() == (isGood != differs),
             errors.isEmpty() ? "the checker refused this text" : errors.constData());
}

QTEST_APPLESS_MAIN(TestCorpusVerdicts)
#include "tst_corpus_verdicts.moc"
