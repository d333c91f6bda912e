// SPDX-License-Identifier: GPL-3.0-or-later
//
// check --syntax-only --target opensmtpd-6.8 against smtpd -n of OpenSMTPD 6.8.0p2: the same verdict on the same text.
//
// For the corpus and for configurations out of a seeded generator, good ones and faulty ones. What we know to differ stands
// in disagreements.tsv with its reason, and stays under one in a hundred. POSTERN_ORACLE_COUNT asks for more than the usual
// number; POSTERN_ORACLE_DUMP names a folder that gets the text of each disagreement, POSTERN_ORACLE_LINES=1 prints where the
// first faulty line differs.
#include "policy/judge.h"

#include "oracle/config_generator.h"
#include "oracle/smtpd_checker.h"
#include "support/memory_file_store.h"
#include "support/places.h"
#include "support/test_certs.h"

#include <QDir>
#include <QFile>
#include <QTest>

#include <algorithm>

using namespace postern;
using namespace postern::test;
using namespace Qt::StringLiterals;

namespace {

const QByteArray kCorpus = POSTERN_SOURCE_DIR "/tests/corpus/smtpd_conf/";
constexpr auto kReader = config::Target::OpenSmtpd68;

QByteArray contentOf(const QByteArray& path) {
    QFile file(QFile::decodeName(path));
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

struct OurVerdict {
    bool isRefused = false;
    int line = 0;
    QByteArray messages;
};

OurVerdict ourVerdict(const QByteArray& text) {
    MemoryFileStore nothing;
    policy::JudgeOptions options;
    options.target = kReader;
    options.syntaxOnly = true;
    const config::Diagnostics found = policy::judgeText(nothing, "smtpd.conf", text, options);
    OurVerdict verdict{config::isRefused(found, kReader), 0, {}};
    for (const config::Diagnostic& one : found) {
        if (one.severity != config::Severity::Error)
            continue;
        if (verdict.messages.isEmpty())
            verdict.line = one.line;
        verdict.messages += one.print() + '\n';
    }
    return verdict;
}

void dump(const QByteArray& name, const QByteArray& text) {
    const QString folder = qEnvironmentVariable("POSTERN_ORACLE_DUMP");
    QFile file(folder + u'/' + QString::fromLatin1(name).replace(u'/', u'_'));
    if (!folder.isEmpty() && file.open(QIODevice::WriteOnly))
        file.write(text);
}

// name -> reason
QHash<QByteArray, QByteArray> listedDisagreements() {
    QHash<QByteArray, QByteArray> result;
    for (const QByteArray& line : contentOf(POSTERN_SOURCE_DIR "/tests/oracle/disagreements.tsv").split('\n')) {
        const QByteArrayList columns = line.split('\t');
        if (columns.size() >= 2 && !line.startsWith('#'))
            result.insert(columns[0], columns[1]);
    }
    return result;
}

} // namespace

class TestOpenSmtpd : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void initTestCase();
    void messagesAreOfTwoSorts_data();
    void messagesAreOfTwoSorts();
    void corpus();
    void goodTextsAreGoodToBoth();
    void faultyTexts();
    void beginningsAndEnds_data();
    void beginningsAndEnds();
    void cleanupTestCase();

  private:
    // Compares, counts; prints and dumps what is new.
    void compare(const QByteArray& name, const QByteArray& text, const SmtpdVerdict& theirs);
    void compare(const QByteArray& name, const QByteArray& text) { compare(name, text, m_smtpd.check(text)); }
    GeneratorFiles files();
    int wanted(int usual) const {
        bool ok = false;
        const int asked = qEnvironmentVariableIntValue("POSTERN_ORACLE_COUNT", &ok);
        return ok && asked > usual ? asked : usual;
    }

    SmtpdChecker m_smtpd;
    TestCerts m_certs;
    QHash<QByteArray, QByteArray> m_listed;
    int m_compared = 0, m_refused = 0, m_sameLine = 0, m_disagreements = 0, m_new = 0;
};

void TestOpenSmtpd::initTestCase() {
    const QByteArray missing = m_smtpd.program() + " is not there; ./dev test unpacks it";
    QVERIFY2(m_smtpd.isThere(), missing.constData());
    m_listed = listedDisagreements();
}

void TestOpenSmtpd::messagesAreOfTwoSorts_data() {
    QTest::addColumn<QByteArray>("messages");
    QTest::addColumn<int>("says");
    QTest::addColumn<int>("line");
    const auto row = [](const char* name, const char* messages, SmtpdSays says, int line) {
        QTest::newRow(name) << QByteArray(messages) << int(says) << line;
    };
    row("a word that does not fit", "/f:7: syntax error\n", SmtpdSays::Refused, 7);
    row("an unknown name", "/f:3: no such dispatcher: x\n", SmtpdSays::Refused, 3);
    row("a missing certificate is missed when the text is read and good", "smtpd: load_pki_tree: failed to load certificate file\n", SmtpdSays::Good, 0);
    row("a missing table file", "/x: fopen: No such file\n/f:2: invalid configuration file /x for table t\n",
        SmtpdSays::Environment, 0);
    row("what follows from a missing table file",
        "/f:2: invalid configuration file /x for table t\n/f:3: table \"t\" may not be used for alias lookups\n"
        "/f:4: no such dispatcher: a\nwarn: no rules, nothing to do\n",
        SmtpdSays::Environment, 0);
    row("a missing interface", "smtpd: invalid virtual ip or interface: em0\n", SmtpdSays::Environment, 0);
    row("an unknown service", "/f:2: invalid port: gopherd\n", SmtpdSays::Environment, 0);
    row("a number in quotes is no service", "/f:2: invalid port: 25\n", SmtpdSays::Refused, 2);
    row("a listener that contradicts itself", "smtpd: invalid listen option: pki requires tls/smtps\n", SmtpdSays::Refused, 0);
    row("a fault after a missing file", "/f:2: failed to include file /x\n/f:4: syntax error\n", SmtpdSays::Refused, 4);
}

void TestOpenSmtpd::messagesAreOfTwoSorts() {
    QFETCH(QByteArray, messages);
    QFETCH(int, says);
    QFETCH(int, line);
    const SmtpdVerdict verdict = SmtpdChecker::classify(1, messages, "/f");
    QCOMPARE(int(verdict.says), says);
    QCOMPARE(verdict.line, line);
}

GeneratorFiles TestOpenSmtpd::files() {
    static const GeneratorFiles made = [this] {
        const CertificateFiles pair = m_certs.server("mx.example.org");
        const auto written = [this](const char* name, const QByteArray& text) {
            const QByteArray path = m_smtpd.folder() + '/' + name;
            QFile file(QFile::decodeName(path));
            if (file.open(QIODevice::WriteOnly))
                file.write(text);
            return path;
        };
        return GeneratorFiles{pair.certFile, pair.keyFile, m_certs.caFile(), written("table", "a b\nc d\n"),
                              written("more.conf", "included = \"x\"\nsmtp limit max-mails 7\n")};
    }();
    return made;
}

void TestOpenSmtpd::compare(const QByteArray& name, const QByteArray& text, const SmtpdVerdict& theirs) {
    if (theirs.says == SmtpdSays::Environment)
        return;
    ++m_compared;
    const OurVerdict ours = ourVerdict(text);
    const bool same = ours.isRefused == (theirs.says == SmtpdSays::Refused);
    if (same && ours.isRefused && theirs.line > 0) {
        ++m_refused;
        m_sameLine += ours.line == theirs.line;
        if (ours.line != theirs.line && !qEnvironmentVariableIsEmpty("POSTERN_ORACLE_LINES"))
            qInfo().noquote() << name << "line" << theirs.line << theirs.messages << "ours" << ours.messages;
    }
    if (same)
        return;
    ++m_disagreements;
    if (m_listed.contains(name))
        return;
    ++m_new;
    qInfo().noquote() << name << "smtpd:" << (theirs.messages.isEmpty() ? "good" : theirs.messages.trimmed())
                      << "\n  Postern:" << (ours.isRefused ? ours.messages.trimmed() : QByteArray("good"));
    dump(name, text);
}

void TestOpenSmtpd::corpus() {
    const QDir folder(QFile::decodeName(kCorpus + "modern"));
    const QStringList names = folder.entryList({u"*.conf"_s}, QDir::Files);
    QVERIFY(names.size() > 70);
    for (const QString& name : names) {
        const QByteArray text = contentOf(QFile::encodeName(folder.filePath(name)));
        const SmtpdVerdict theirs = m_smtpd.checkElsewhere(text);
        QVERIFY2(theirs.says != SmtpdSays::Environment, qPrintable(name + u": "_s + QString::fromUtf8(theirs.messages)));
        compare("modern/" + QFile::encodeName(name), text, theirs);
    }
    QCOMPARE(m_new, 0);
}

// Also of the generator: what it calls good must be, or the faulty ones would say little.
void TestOpenSmtpd::goodTextsAreGoodToBoth() {
    const int before = m_compared;
    for (int seed = 1; seed <= 400; ++seed) {
        const QByteArray text = ConfigGenerator(quint32(seed), files()).good();
        const SmtpdVerdict theirs = m_smtpd.check(text);
        if (theirs.says != SmtpdSays::Good)
            dump("good:" + QByteArray::number(seed), text);
        const QByteArray shown = "seed " + QByteArray::number(seed) + ": " + theirs.messages + '\n' + text;
        QVERIFY2(theirs.says == SmtpdSays::Good, shown.constData());
        compare("good:" + QByteArray::number(seed), text);
    }
    QCOMPARE(m_compared - before, 400);
    QCOMPARE(m_new, 0);
}

void TestOpenSmtpd::faultyTexts() {
    const int before = m_compared;
    const int count = wanted(2000);
    for (int seed = 1; m_compared - before < count; ++seed) {
        ConfigGenerator generator(quint32(seed), files());
        const QByteArray good = generator.good();
        compare("faulty:" + QByteArray::number(seed), generator.mutated(good));
    }
    QCOMPARE(m_new, 0);
}

// What the generator never makes: how a file begins and ends.
void TestOpenSmtpd::beginningsAndEnds_data() {
    QTest::addColumn<QByteArray>("begin");
    QTest::addColumn<QByteArray>("end");
    const auto row = [](const char* name, const char* begin, const char* end) {
        QTest::newRow(name) << QByteArray(begin) << QByteArray(end);
    };
    const char* const kMark = "\xef\xbb\xbf";
    row("nothing special", "", "\n");
    row("no newline at the end", "", "");
    row("a byte order mark", kMark, "\n");
    row("a byte order mark before a comment", "\xef\xbb\xbf# c\n", "\n");
    row("a byte order mark on a line of its own", "\xef\xbb\xbf\n", "\n");
    row("a byte order mark in the second line", "\n\xef\xbb\xbf", "\n");
    row("a backslash behind the last word", "", "\\");
    row("a backslash behind a blank", "", " \\");
    row("a backslash on a line of its own", "", "\n\\");
    row("a backslash in the last comment", "", "\n# c\\");
    row("a backslash and a newline", "", "\\\n");
    row("two backslashes", "", "\\\\");
    row("a backslash and a CR", "", "\\\r");
    row("a backslash in a word that is never finished", "", "\nlisten on \\");
    row("a backslash in a quote", "", "\nlisten on \"lo\\");
}

void TestOpenSmtpd::beginningsAndEnds() {
    QFETCH(QByteArray, begin);
    QFETCH(QByteArray, end);
    const int before = m_new;
    const QByteArray text = begin + "listen on lo\naction a relay\nmatch for any action a" + end;
    const SmtpdVerdict theirs = m_smtpd.check(text);
    QVERIFY2(theirs.says != SmtpdSays::Environment, theirs.messages.constData());
    compare("beginnings and ends", text, theirs);
    QCOMPARE(m_new, before);
}

void TestOpenSmtpd::cleanupTestCase() {
    qInfo().noquote() << m_compared << "texts compared," << m_disagreements << "disagreements," << m_new << "of them new;"
                      << m_refused << "refused by both," << m_sameLine << "of them at the same line";
    QVERIFY(m_disagreements * 100 < m_compared);
}

QTEST_GUILESS_MAIN(TestOpenSmtpd)
#include "tst_opensmtpd.moc"
