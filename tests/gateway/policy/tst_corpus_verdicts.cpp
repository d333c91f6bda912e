// SPDX-License-Identifier: GPL-3.0-or-later
//
// Real configurations against what the real checkers said of them (INDEX.tsv): 6.8 for action/match, 5.9 for accept/reject,
// three snapshots of 2012 for that dialect. Only the text is asked about, as other files are not here.
//
// The checkers of 2012 and 5.9 were asked about grammar alone, so names that an excerpt does not define are not compared
// there. One target stands for all of 2012: it takes what any of the three snapshots took, and refuses what none did.
#include "policy/judge.h"

#include "support/memory_file_store.h"
#include "support/places.h"

#include <QFile>
#include <QRegularExpression>
#include <QTest>

#include <algorithm>
#include <map>

using namespace postern;
using namespace postern::policy;
using namespace Qt::StringLiterals;
using config::Target;

namespace {

const QByteArray kCorpus = POSTERN_SOURCE_DIR "/tests/corpus/smtpd_conf/";

QByteArray contentOf(const QByteArray& path) {
    QFile file(QFile::decodeName(path));
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

Target readerOf(const QByteArray& dialect) {
    return dialect == "map2012" ? Target::OpenSmtpd2012 : dialect == "legacy" ? Target::OpenSmtpd59 : Target::OpenSmtpd68;
}

struct Verdict {
    bool isGood = false;
    int line = 0; // of the first fault; 0 = not told
};

// "5.9: ok; 6.0: error: line 5: syntax error" for 5.9; any good one of "2012-05: ...; 2012-07: ..." for 2012; "line 11: syntax
// error", "semantic: line 18: ..." or nothing for 6.8.
Verdict verdictOf(const QByteArray& dialect, const QByteArray& grammar, const QByteArray& message) {
    static const QRegularExpression kLine(u"line (\\d+):"_s);
    const auto lineIn = [](const QByteArray& text) { return kLine.match(QString::fromLatin1(text)).captured(1).toInt(); };
    if (dialect == "modern")
        return {grammar == "grammar=ok" && !message.contains("semantic:"), lineIn(message)};
    Verdict verdict;
    for (const QByteArray& part : message.split(';')) {
        const QByteArray one = part.trimmed();
        if (dialect == "legacy" && !one.startsWith("5.9:"))
            continue;
        verdict.isGood = verdict.isGood || one.endsWith(": ok");
        if (!verdict.line)
            verdict.line = lineIn(one);
    }
    return verdict;
}

// Complaints about names that stand elsewhere, of which those checkers were not asked.
bool isAboutNames(const config::Diagnostic& one) {
    return one.text.startsWith("no such ") || one.text.startsWith("no rules");
}

// Where we knowingly say something else, and why.
const std::map<QByteArray, const char*>& differences() {
    static const std::map<QByteArray, const char*> all{
        {"map2012/076-OpenSMTPD-OpenSMTPD.conf",
         "written for the reader of October 2012 (map and \"for any\" together), which is none of the three snapshots"},
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
    QTest::addColumn<int>("reader");
    QTest::addColumn<bool>("isGood");
    QTest::addColumn<int>("line");
    const QByteArrayList lines = contentOf(kCorpus + "INDEX.tsv").split('\n');
    QVERIFY(lines.size() > 100);
    for (qsizetype i = 1; i < lines.size(); ++i) {
        const QByteArrayList columns = lines[i].split('\t'); // file repo path commit dialect grammar message notes
        if (columns.size() < 7)
            continue;
        const Verdict verdict = verdictOf(columns[4], columns[5], columns[6]);
        QTest::addRow("%s %s", columns[0].constData(), columns[6].left(90).constData())
            << columns[0] << int(readerOf(columns[4])) << verdict.isGood << verdict.line;
    }
}

void TestCorpusVerdicts::verdictsAreTheCheckers() {
    QFETCH(QByteArray, file);
    QFETCH(int, reader);
    QFETCH(bool, isGood);
    QFETCH(int, line);
    test::MemoryFileStore nothingElse;
    JudgeOptions options;
    options.target = Target(reader);
    options.syntaxOnly = true;
    config::Diagnostics found = judgeText(nothingElse, file, contentOf(kCorpus + file), options);
    if (options.target != Target::OpenSmtpd68)
        found.erase(std::remove_if(found.begin(), found.end(), isAboutNames), found.end());
    QByteArray errors;
    int ourLine = 0;
    for (const config::Diagnostic& one : found) {
        if (one.severity != config::Severity::Error)
            continue;
        errors += one.print() + "\n";
        if (!ourLine)
            ourLine = one.line;
    }
    const bool differs = differences().contains(file);
    QVERIFY2(errors.isEmpty() == (isGood != differs), errors.isEmpty() ? "the checker refused this text" : errors.constData());
    if (line && !isGood && !differs && options.target != Target::OpenSmtpd2012)
        QCOMPARE(ourLine, line);
}

QTEST_APPLESS_MAIN(TestCorpusVerdicts)
#include "tst_corpus_verdicts.moc"
