// SPDX-License-Identifier: GPL-3.0-or-later
//
// The law of editing: a document after an edit is the document that a fresh parse of its bytes gives - tree, diagnostics,
// dialect, places, macros - whatever was edited where, and however much of the old one was kept.
#include "config/file_set.h"
#include "corpus.h"
#include "gateway/config/describe.h"
#include "support/memory_file_store.h"

#include <QTest>

using namespace postern;
using namespace postern::config;
using namespace postern::test;

namespace {

QByteArray places(const DocumentPtr& document) {
    QByteArray out;
    for (const StatementView& statement : document->statements())
        out += QByteArray::number(statement.line()) + ':' + QByteArray::number(statement.column()) + ' ' +
               QByteArray::number(statement.range().offset) + ' ' + statement.commentAbove() + '|' +
               statement.commentBehind() + '\n';
    return out;
}

// "" or in what the two differ.
QByteArray difference(const DocumentPtr& edited, const DocumentPtr& fresh) {
    if (edited->bytes() != fresh->bytes() || edited->root().text() != fresh->bytes())
        return "the bytes differ";
    if (edited->dialect() != fresh->dialect() || edited->dialectWasDetected() != fresh->dialectWasDetected())
        return "the dialect differs";
    if (treeOf(edited) != treeOf(fresh))
        return "the tree differs";
    if (printed(edited->diagnostics()) != printed(fresh->diagnostics()))
        return "the diagnostics differ:\n" + printed(edited->diagnostics()) + "\nnot\n" + printed(fresh->diagnostics());
    if (places(edited) != places(fresh))
        return "the places differ";
    if (describe(edited) != describe(fresh))
        return "the statements differ";
    return {};
}

std::vector<tree::TextEdit> randomEdits(QRandomGenerator& random, const QByteArray& text) {
    std::vector<tree::TextEdit> edits;
    qsizetype from = 0;
    for (qsizetype i = below(random, 3); i >= 0; --i) {
        const qsizetype offset = from + below(random, text.size() - from + 1);
        const qsizetype length = random.generate() % 2 ? 0 : std::min(below(random, 30), text.size() - offset);
        QByteArray now = random.generate() % 4 ? spice(random) : QByteArray();
        if (random.generate() % 8 == 0) // something from elsewhere in the file
            now += text.mid(below(random, text.size()), below(random, 200));
        edits.push_back({{offset, length}, now});
        from = offset + length;
    }
    return edits;
}

QByteArray shown(const std::vector<tree::TextEdit>& edits) {
    QByteArray out;
    for (const tree::TextEdit& edit : edits)
        out += QByteArray::number(edit.range.offset) + '+' + QByteArray::number(edit.range.length) + " \"" +
               edit.replacement.toPercentEncoding(" \"$#{}=") + "\" ";
    return out;
}

// The shortest text that still shows the fault: lines are taken away while it does.
QByteArray fault(const QByteArray& text, const std::vector<tree::TextEdit>& edits, const ParseOptions& options) {
    const DocumentPtr before = Document::parse("f", text, options);
    const Result<DocumentPtr> after = before->edited(edits);
    if (!after)
        return "refused: " + after.error().text;
    return difference(*after, Document::parse("f", (*after)->bytes(), options));
}

QByteArray minimal(QByteArray text, std::vector<tree::TextEdit> edits, const ParseOptions& options) {
    for (bool smaller = true; smaller;) {
        smaller = false;
        for (size_t i = 0; i < edits.size() && edits.size() > 1; ++i) {
            std::vector<tree::TextEdit> fewer = edits;
            fewer.erase(fewer.begin() + std::ptrdiff_t(i));
            if (!fault(text, fewer, options).isEmpty()) {
                edits = fewer;
                smaller = true;
            }
        }
        const qsizetype first = edits.front().range.offset, last = edits.back().range.end();
        for (qsizetype at = 0; at < text.size();) {
            const qsizetype end = std::max(text.indexOf('\n', at), at) + 1;
            if (end > first && at <= last) {
                at = end;
                continue;
            }
            QByteArray without = text;
            without.remove(at, end - at);
            std::vector<tree::TextEdit> moved = edits;
            if (end <= first) {
                for (tree::TextEdit& edit : moved)
                    edit.range.offset -= end - at;
            }
            if (!fault(without, moved, options).isEmpty()) {
                return minimal(without, moved, options);
            }
            at = end;
        }
    }
    return "minimal case: " + shown(edits) + "in\n" + text + "\n--- " + fault(text, edits, options);
}

} // namespace

class TestEditedTree : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void corpusWithRandomEdits();
    void generatedTextsWithRandomEdits();
    void chainsOfEditsOnALongFile();
    void setsOfFiles();
};

void TestEditedTree::corpusWithRandomEdits() {
    quint32 seed = 0, inPlace = 0;
    for (const CorpusFile& file : corpus()) {
        for (int round = 0; round < 2; ++round, ++seed) {
            QRandomGenerator random(seed);
            ParseOptions options;
            if (random.generate() % 3 == 0)
                options.dialect = Dialect(random.generate() % 3);
            const auto edits = randomEdits(random, file.text);
            inPlace += *Document::parse("f", file.text, options)->editedInPlace(edits) != nullptr;
            const QByteArray problem = fault(file.text, edits, options);
            QVERIFY2(problem.isEmpty(), (file.name + ", seed " + QByteArray::number(seed) + '\n' +
                                         minimal(file.text, edits, options)).constData());
        }
    }
    // The law says nothing if everything was read again: most of these edits must not need that.
    QVERIFY2(inPlace > seed / 3, (QByteArray::number(inPlace) + " of " + QByteArray::number(seed)).constData());
}

void TestEditedTree::generatedTextsWithRandomEdits() {
    for (quint32 seed = 0; seed < 600; ++seed) {
        QRandomGenerator random(seed);
        const QByteArray text = generatedConfig(random);
        const auto edits = randomEdits(random, text);
        const QByteArray problem = fault(text, edits, {});
        QVERIFY2(problem.isEmpty(), ("seed " + QByteArray::number(seed) + '\n' + minimal(text, edits, {})).constData());
    }
}

// Several blocks, and each document made from the one before.
void TestEditedTree::chainsOfEditsOnALongFile() {
    QByteArray text;
    for (const CorpusFile& file : corpus()) {
        if (file.name.startsWith("modern/") && text.size() < 60000)
            text += file.text + '\n';
    }
    ParseOptions options;
    options.dialect = Dialect::Modern;
    for (quint32 seed = 0; seed < 1; ++seed) {
        QRandomGenerator random(seed);
        DocumentPtr document = Document::parse("f", text, options);
        for (int step = 0; step < 25; ++step) {
            const auto edits = randomEdits(random, document->bytes());
            const Result<DocumentPtr> after = document->edited(edits);
            QVERIFY(after);
            const QByteArray problem = difference(*after, Document::parse("f", (*after)->bytes(), options));
            QVERIFY2(problem.isEmpty(), ("seed " + QByteArray::number(seed) + ", step " + QByteArray::number(step) + '\n' +
                                         problem.left(2000) + '\n' + shown(edits)).constData());
            document = *after;
        }
    }
}

// Macros and includes on both sides of the edit, in each of the files.
void TestEditedTree::setsOfFiles() {
    const QHash<QByteArray, QByteArray> texts = {
        {"/c/main.conf", "x = \"lo0 port 25\"\nlisten on $x\ninclude \"one.conf\"\nlisten on $y # y is from there\n"
                         "include \"two.conf\"\nmatch for any action $z\ninclude \"missing.conf\"\ninclude \"one.conf\"\n"},
        {"/c/one.conf", "y = \"lo1 tls\"\nx = \"lo2\"\naction \"a\" relay\n"},
        {"/c/two.conf", "z = \"a\"\nmatch from any for local action $z\nlisten on $x\nlisten on $nothing\n"}};
    MemoryFileStore files;
    for (auto one = texts.begin(); one != texts.end(); ++one)
        files.put(one.key(), one.value());
    for (quint32 seed = 0; seed < 150; ++seed) {
        QRandomGenerator random(seed);
        const Result<FileSet> before = FileSet::read(files, "/c/main.conf");
        QVERIFY(before);
        std::vector<FileEdits> edits;
        for (const QByteArray& name : before->files()) {
            if (random.generate() % 2)
                edits.push_back({name, randomEdits(random, texts[name])});
        }
        const Result<FileSet> after = before->edited(files, edits);
        QVERIFY(after);
        MemoryFileStore now;
        for (const DocumentPtr& document : before->documents())
            now.put(document->file(), document->bytes());
        for (const FileEdits& one : edits)
            now.put(one.file, *tree::applyEdits(texts[one.file], one.edits));
        const Result<FileSet> fresh = FileSet::read(now, "/c/main.conf");
        QVERIFY(fresh);
        QCOMPARE(after->documents().size(), fresh->documents().size());
        QByteArray problem;
        for (size_t i = 0; i < fresh->documents().size(); ++i)
            problem += difference(after->documents()[i], fresh->documents()[i]);
        if (printed(after->diagnostics()) != printed(fresh->diagnostics()))
            problem += "diagnostics of the set differ:\n" + printed(after->diagnostics()) + "\nnot\n" + printed(fresh->diagnostics());
        const auto order = [](const FileSet& set) {
            QByteArray out;
            for (const StatementView& statement : set.statements())
                out += statement.file() + ':' + QByteArray::number(statement.line()) + ' ' + statement.text() + '\n';
            return out;
        };
        if (order(*after) != order(*fresh))
            problem += "the order of statements differs:\n" + order(*after) + "\nnot\n" + order(*fresh);
        QByteArray what;
        for (const FileEdits& one : edits)
            what += one.file + ": " + shown(one.edits) + '\n';
        QVERIFY2(problem.isEmpty(), ("seed " + QByteArray::number(seed) + '\n' + what + problem).constData());
    }
}

QTEST_APPLESS_MAIN(TestEditedTree)
#include "tst_edited_tree.moc"
