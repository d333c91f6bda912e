// SPDX-License-Identifier: GPL-3.0-or-later
//
// The tree itself: building, walking, editing text; and whole trees of small files, kept in golden/ and reviewed as diffs
// (POSTERN_REWRITE_GOLDEN=1 writes them anew).
#include "support/places.h"
#include "config/tree/builder.h"
#include "config/tree/text_edit.h"
#include "describe.h"

#include <QFile>
#include <QTest>

using namespace postern;
using namespace postern::config;
using namespace postern::test;

class TestTree : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void buildsAndGivesTheTextBack();
    void dissolvedNodesLeaveTheirTokens();
    void nodesKnowTheirPlaces();
    void emptyTokensKeepTheirPlaceAmongOthers();
    void edits_data();
    void edits();
    void refusesEdits_data();
    void refusesEdits();
    void kindsHaveNames();
    void golden_data();
    void golden();
};

void TestTree::buildsAndGivesTheTextBack() {
    tree::Builder builder;
    builder.start();
    builder.token(1, 1);
    builder.start();
    builder.token(2, 5);
    builder.finish(10);
    builder.token(1, 0);
    builder.finish(11);
    const auto tree = builder.take("a, b c");
    const tree::GreenView root = tree->root();
    QVERIFY(root.isNode());
    QCOMPARE(root.kind(), tree::Kind(11));
    QCOMPARE(root.bytes().toByteArray(), "a, b c");
    std::vector<tree::GreenView> children;
    for (const tree::GreenView child : root.children())
        children.push_back(child);
    QCOMPARE(children.size(), size_t(3));
    QVERIFY(!children[0].isNode());
    QCOMPARE(children[0].bytes().toByteArray(), "a");
    QVERIFY(children[1].isNode());
    QCOMPARE(children[1].kind(), tree::Kind(10));
    QCOMPARE(children[1].bytes().toByteArray(), ", b c");
}

void TestTree::dissolvedNodesLeaveTheirTokens() {
    tree::Builder builder;
    builder.start();
    builder.start();
    builder.token(1, 1);
    builder.dissolve();
    builder.finish(11);
    const tree::SyntaxNode root(builder.take("x"));
    QCOMPARE(root.children().size(), size_t(1));
    QVERIFY(!root.children()[0].node);
}

void TestTree::nodesKnowTheirPlaces() {
    tree::Builder builder;
    builder.start();
    builder.token(1, 3);
    builder.start();
    builder.token(2, 2);
    builder.finish(10);
    builder.finish(11);
    const tree::SyntaxNode root(builder.take("abcde"));
    const auto children = root.children();
    QCOMPARE(children[0].token.range(), (tree::Range{0, 3}));
    QCOMPARE(children[1].node->range(), (tree::Range{3, 2}));
    QCOMPARE(children[1].node->text(), "de");
    QCOMPARE(children[1].node->index(), qsizetype(1));
    QCOMPARE(children[1].node->parent()->kind(), tree::Kind(11));
    QVERIFY(!root.parent());
}

void TestTree::emptyTokensKeepTheirPlaceAmongOthers() {
    tree::Builder builder;
    builder.start();
    builder.token(1, 0);
    builder.token(2, 2);
    builder.token(3, 0);
    builder.finish(10);
    QByteArrayList found;
    for (const tree::SyntaxNode::Child& child : tree::SyntaxNode(builder.take("ab")).children())
        found.append(QByteArray::number(child.token.kind) + '@' + QByteArray::number(child.token.offset) + child.token.bytes);
    QCOMPARE(found.join(' '), "1@0 2@0ab 3@2");
}

void TestTree::edits_data() {
    QTest::addColumn<QList<qsizetype>>("ranges"); // offset, length, offset, length
    QTest::addColumn<QByteArrayList>("texts");
    QTest::addColumn<QByteArray>("expected");
    QTest::newRow("none") << QList<qsizetype>{} << QByteArrayList{} << QByteArray("0123456789");
    QTest::newRow("replace") << QList<qsizetype>{2, 3} << QByteArrayList{"ab"} << QByteArray("01ab56789");
    QTest::newRow("delete all") << QList<qsizetype>{0, 10} << QByteArrayList{""} << QByteArray("");
    QTest::newRow("insert at both ends") << QList<qsizetype>{10, 0, 0, 0} << QByteArrayList{"z", "a"} << QByteArray("a0123456789z");
    QTest::newRow("two insertions at one place keep their order") << QList<qsizetype>{3, 0, 3, 0} << QByteArrayList{"a", "b"} << QByteArray("012ab3456789");
    QTest::newRow("neighbours, given backwards") << QList<qsizetype>{5, 2, 3, 2} << QByteArrayList{"b", "a"} << QByteArray("012ab789");
    QTest::newRow("insert before what is replaced") << QList<qsizetype>{3, 2, 3, 0} << QByteArrayList{"b", "a"} << QByteArray("012ab56789");
}

void TestTree::edits() {
    QFETCH(const QList<qsizetype>, ranges);
    QFETCH(const QByteArrayList, texts);
    QFETCH(const QByteArray, expected);
    std::vector<tree::TextEdit> list;
    for (qsizetype i = 0; i < texts.size(); ++i)
        list.push_back({{ranges[2 * i], ranges[2 * i + 1]}, texts[i]});
    const auto result = tree::applyEdits("0123456789", list);
    QVERIFY(result);
    QCOMPARE(*result, expected);
}

void TestTree::refusesEdits_data() {
    QTest::addColumn<QList<qsizetype>>("ranges");
    QTest::newRow("overlapping") << QList<qsizetype>{2, 3, 4, 3};
    QTest::newRow("insertion inside what is replaced") << QList<qsizetype>{2, 3, 3, 0};
    QTest::newRow("behind the end") << QList<qsizetype>{9, 2};
    QTest::newRow("starting behind the end") << QList<qsizetype>{11, 0};
    QTest::newRow("before the start") << QList<qsizetype>{-1, 1};
    QTest::newRow("negative length") << QList<qsizetype>{3, -1};
    QTest::newRow("length that overflows") << QList<qsizetype>{3, std::numeric_limits<qsizetype>::max()};
}

void TestTree::refusesEdits() {
    QFETCH(const QList<qsizetype>, ranges);
    std::vector<tree::TextEdit> list;
    for (qsizetype i = 0; i + 1 < ranges.size(); i += 2)
        list.push_back({{ranges[i], ranges[i + 1]}, "x"});
    const auto result = tree::applyEdits("0123456789", list);
    QVERIFY(!result);
    QVERIFY(result.error().code == ErrorCode::Invalid);
}

void TestTree::kindsHaveNames() {
    QCOMPARE(toString(raw(TokenKind::Word)).toByteArray(), "Word");
    QCOMPARE(toString(raw(StatementKind::Listen)).toByteArray(), "ListenStatement");
    QCOMPARE(toString(raw(ClauseKind::TlsRequire)).toByteArray(), "TlsRequire");
    QCOMPARE(toString(tree::Kind(9999)).toByteArray(), "?");
}

void TestTree::golden_data() {
    QTest::addColumn<QString>("name");
    for (const char* name : {"2012", "legacy", "modern"})
        QTest::newRow(name) << QString::fromUtf8(name);
}

void TestTree::golden() {
    QFETCH(const QString, name);
    const QString base = QStringLiteral(POSTERN_SOURCE_DIR "/tests/gateway/config/golden/") + name;
    QFile source(base + QStringLiteral(".conf"));
    QVERIFY(source.open(QIODevice::ReadOnly));
    const QByteArray text = source.readAll();
    const DocumentPtr document = Document::parse(name.toUtf8() + ".conf", text);
    const QByteArray found = treeOf(document) + "---\n" + printed(document->diagnostics()) + '\n';
    QFile golden(base + QStringLiteral(".tree"));
    if (qEnvironmentVariableIsSet("POSTERN_REWRITE_GOLDEN")) {
        QVERIFY(golden.open(QIODevice::WriteOnly));
        golden.write(found);
        return;
    }
    QVERIFY(golden.open(QIODevice::ReadOnly));
    QCOMPARE(found, golden.readAll());
}

QTEST_APPLESS_MAIN(TestTree)
#include "tst_tree.moc"
