// SPDX-License-Identifier: GPL-3.0-or-later
//
// The law of the tree: the text of the parse is the text, for the corpus, for every prefix and every deletion of one byte,
// for mutated and generated text. And what a hostile file may cost: bounded time, bounded notes, no recursion.
#include "support/places.h"
#include "config/lexer.h"
#include "config/tree/text_edit.h"
#include "describe.h"

#include <QDir>
#include <QFile>
#include <QRandomGenerator>
#include <QTest>

#include <ctime>

using namespace postern::config;
using namespace postern::test;
using namespace Qt::StringLiterals;

namespace {

// Each byte of each file; every sixteenth where a sanitizer makes that take minutes.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr qsizetype kStride = 16;
#else
constexpr qsizetype kStride = 1;
#endif

constexpr auto kEach = {std::optional<Dialect>(), std::optional(Dialect::Map2012), std::optional(Dialect::Legacy),
                        std::optional(Dialect::Modern)};

QList<QByteArray> corpus() {
    const QString folder = QStringLiteral(POSTERN_SOURCE_DIR "/tests/corpus/smtpd_conf/");
    QList<QByteArray> result;
    for (const QString& part : {u"map2012"_s, u"legacy"_s, u"modern"_s}) {
        const QDir dir(folder + part);
        for (const QString& name : dir.entryList(QDir::Files, QDir::Name)) {
            QFile file(dir.filePath(name));
            if (file.open(QIODevice::ReadOnly))
                result.append(file.readAll());
        }
    }
    return result;
}

// Everything that a reader could ask for; "" or what is wrong.
QByteArray fault(const QByteArray& text, std::optional<Dialect> dialect) {
    ParseOptions options;
    options.dialect = dialect;
    const DocumentPtr document = Document::parse("f", text, options);
    if (document->root().text() != text)
        return "the text did not come back";
    for (const Diagnostic& diagnostic : document->diagnostics()) {
        if (diagnostic.offset < 0 || diagnostic.length < 0 || diagnostic.offset + diagnostic.length > text.size())
            return "a diagnostic points outside: " + diagnostic.print();
        if (diagnostic.text.isEmpty() || diagnostic.text.contains('\n'))
            return "a diagnostic is not one line";
    }
    qsizetype end = 0;
    for (const StatementView& statement : document->statements()) {
        if (statement.range().offset < end || statement.node().text() != text.mid(statement.range().offset, statement.range().length))
            return "a statement is not where it says";
        end = statement.range().end();
        for (const Clause& clause : statement.clauses()) {
            if (clause.range.end() > text.size())
                return "a clause is not where it says";
        }
    }
    (void)describe(document);
    return {};
}

// Processor time, so that a busy machine does not count.
double secondsToParse(const QByteArray& text, QByteArray& problem) {
    const std::clock_t before = std::clock();
    problem = fault(text, std::nullopt);
    return double(std::clock() - before) / CLOCKS_PER_SEC;
}

} // namespace

class TestRoundTrip : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void everyPrefixOfTheCorpus();
    void everyDeletionOfOneByte();
    void mutatedTexts();
    void generatedTexts();
    void editedTreeEqualsFreshParse();
    void hostileInput_data();
    void hostileInput();
    void macrosCannotMultiplyWithoutLimit();
};

void TestRoundTrip::everyPrefixOfTheCorpus() { // C01 every token cut at each byte
    const QList<QByteArray> files = corpus();
    for (qsizetype i = 0; i < files.size(); ++i) {
        for (qsizetype length = i % kStride; length <= files[i].size(); length += kStride) {
            const QByteArray problem = fault(files[i].first(length), std::nullopt);
            QVERIFY2(problem.isEmpty(), (problem + " in file " + QByteArray::number(i) + " cut at " + QByteArray::number(length)).constData());
        }
    }
}

void TestRoundTrip::everyDeletionOfOneByte() {
    const QList<QByteArray> files = corpus();
    for (qsizetype i = 0; i < files.size(); ++i) {
        for (qsizetype at = i % kStride; at < files[i].size(); at += kStride) {
            QByteArray text = files[i];
            text.remove(at, 1);
            const QByteArray problem = fault(text, std::nullopt);
            QVERIFY2(problem.isEmpty(), (problem + " in file " + QByteArray::number(i) + " without byte " + QByteArray::number(at)).constData());
        }
    }
}

void TestRoundTrip::mutatedTexts() {
    const QList<QByteArray> files = corpus();
    const QByteArrayList spices = {"\"", "'", "{", "}", "\\\n", "\\", "#", "\r\n", QByteArray(1, '\0'), "\xff", "$", "$x",
                                   "=", "=>", "<", ">", "!", ",", "(", ")", "\n", "\xef\xbb\xbf", "x = \"{ a tls\"\n"};
    for (quint32 seed = 0; seed < 1000; ++seed) {
        QRandomGenerator random(seed);
        const auto below = [&random](qsizetype limit) { return qsizetype(random.generate() % quint32(std::max<qsizetype>(limit, 1))); };
        QByteArray text = files[below(files.size())];
        for (qsizetype i = below(8) + 1; i > 0; --i) {
            if (random.generate() % 2)
                text.insert(below(text.size() + 1), spices[below(spices.size())]);
            else
                text.remove(below(text.size()), below(20));
        }
        for (const auto dialect : kEach) {
            const QByteArray problem = fault(text, dialect);
            QVERIFY2(problem.isEmpty(), (problem + ", seed " + QByteArray::number(seed) + ":\n" + text).constData());
        }
    }
}

void TestRoundTrip::generatedTexts() {
    const QByteArrayList pieces = {
        "accept ", "reject ", "match ", "action ", "listen on ", "table t ", "map m ", "source ", "from ", "for ", "any ",
        "local ", "domain ", "relay ", "via ", "host ", "tls ", "verify ", "auth ", "<t> ", "{ a, b } ", "{ k = v } ", "25 ",
        "4d ", "\"q w\" ", "$x ", "x = \"tls { a \"\n", "x = \"\"\n", "\n", "\\\n", "# c\n", "include ", "pki ", "limit mta ",
        "queue ttl ", "filter ", "phase ", "deliver to ", "maildir ", "! ", "{", "}", "smtp ", "catch ", "=", ","};
    for (quint32 seed = 0; seed < 1000; ++seed) {
        QRandomGenerator random(seed);
        QByteArray text;
        for (quint32 i = random.generate() % 60; i > 0; --i)
            text += pieces[qsizetype(random.generate() % quint32(pieces.size()))];
        for (const auto dialect : kEach) {
            const QByteArray problem = fault(text, dialect);
            QVERIFY2(problem.isEmpty(), (problem + ", seed " + QByteArray::number(seed) + ":\n" + text).constData());
        }
    }
}

// A statement replaced by its own bytes gives the same tree.
void TestRoundTrip::editedTreeEqualsFreshParse() {
    for (const QByteArray& text : corpus()) {
        const DocumentPtr document = Document::parse("f", text);
        std::vector<tree::TextEdit> edits;
        for (const StatementView& statement : document->statements())
            edits.push_back({statement.range(), statement.node().text()});
        const auto edited = tree::applyEdits(text, edits);
        QVERIFY(edited);
        QCOMPARE(*edited, text);
        QCOMPARE(treeOf(Document::parse("f", *edited)), treeOf(document));
    }
}

void TestRoundTrip::hostileInput_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::newRow("C01 a line of 10 MiB, one word") << QByteArray(10 << 20, 'a');
    QTest::newRow("C01 a line of 2 MiB, many words") << QByteArray("a ").repeated(1 << 20);
    QTest::newRow("a list of 300 000 entries") << "table t { " + QByteArray("a, ").repeated(300000) + "b }\n";
    QTest::newRow("C01 300 000 open braces") << "table t " + QByteArray(300000, '{');
    QTest::newRow("300 000 lines of an open brace") << QByteArray("table t {\n").repeated(100000);
    QTest::newRow("300 000 open parentheses") << "accept from " + QByteArray(300000, '(');
    QTest::newRow("C01 quotes that nothing closes") << QByteArray("\"\\\"\n").repeated(300000);
    QTest::newRow("both quotes that nothing closes") << QByteArray("a \"\\\"\nb '\\'\n").repeated(100000);
    QTest::newRow("quotes that would swallow statements")
        << "\"" + QByteArray("\nlisten on x \\\\\"").repeated(300000) + " \"";
    QTest::newRow("300 000 joined lines") << QByteArray("\\\n").repeated(300000) + "accept\n";
    QTest::newRow("a comment of 300 000 joined lines") << QByteArray("#\\\n").repeated(300000);
    QTest::newRow("a word of 300 000 joined lines") << QByteArray("a\\\n").repeated(300000);
    QTest::newRow("digits of 300 000 joined lines") << QByteArray("1\\\n").repeated(300000);
    QTest::newRow("a word that might go on behind many joined lines") << QByteArray("a " + QByteArray("\\\n").repeated(100) + " ").repeated(3000);
    QTest::newRow("C01 NUL bytes") << QByteArray(1 << 20, '\0');
    QTest::newRow("bytes that are no UTF-8") << QByteArray(1 << 20, '\xff');
    QByteArray macros = "m0 = \"a\"\n";
    for (int i = 1; i < 100000; ++i)
        macros += 'm' + QByteArray::number(i) + " = $m" + QByteArray::number(i - 1) + '\n';
    QTest::newRow("C01 100 000 macros, each defined by the one before") << macros + "listen on $m99999\n";
    QTest::newRow("1 000 near misses among 100 000 macros") << macros + QByteArray("listen on $m12345x\n").repeated(1000);
    QTest::newRow("a macro that names itself, 100 000 times") << "x = \"$x\"\n" + QByteArray("listen on $x\n").repeated(100000);
    QTest::newRow("100 000 macros that are not defined") << QByteArray("$y ").repeated(100000);
    QTest::newRow("100 000 near misses") << "abcdefg = \"x\"\n" + QByteArray("lisen on $abcdefh\n").repeated(100000);
    QTest::newRow("100 000 negations") << "match " + QByteArray("! ").repeated(100000);
    QTest::newRow("100 000 options twice") << "listen on lo " + QByteArray("tls ").repeated(100000);
}

void TestRoundTrip::hostileInput() {
    QFETCH(const QByteArray, text);
    QByteArray problem;
    const double seconds = secondsToParse(text, problem);
    QCOMPARE(problem, QByteArray());
    // Linear: a fraction of a second here, under a sanitizer up to fifty times that; quadratic would be minutes.
    QVERIFY2(seconds < 60, QByteArray::number(seconds).constData());
}

void TestRoundTrip::macrosCannotMultiplyWithoutLimit() {
    const QByteArray value = QByteArray("a ").repeated(4000);
    const QByteArray text = "x = \"" + value + "\"\ntable t {\n" + QByteArray("$x\n").repeated(100000) + "}\n";
    const DocumentPtr document = Document::parse("f", text);
    QCOMPARE(document->root().text(), text);
    QVERIFY(printed(document->diagnostics()).contains("macros expand to more than 1000000 words"));
}

QTEST_APPLESS_MAIN(TestRoundTrip)
#include "tst_round_trip.moc"
