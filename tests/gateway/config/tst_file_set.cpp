// SPDX-License-Identifier: GPL-3.0-or-later
//
// Files that include files: order, macros across them, and everything that can be wrong with an include.
#include "config/file_set.h"
#include "describe.h"
#include "support/memory_file_store.h"

#include <QTest>

using namespace postern;
using namespace postern::config;
using namespace postern::test;

namespace {

QByteArray describe(const FileSet& set) {
    QByteArrayList lines;
    for (const StatementView& statement : set.statements())
        lines.append(statement.file() + ':' + QByteArray::number(statement.line()) + ' ' + statement.text());
    return lines.join('\n');
}

} // namespace

class TestFileSet : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void missingMainFileIsAnError();
    void statementsStandWhereTheyAreIncluded();
    void pathsAreTakenFromTheIncludersFolder();
    void macrosFlowInAndOut();
    void macrosFromTheCommandLineStay();
    void missingIncludeSaysWhere();
    void patternsAreNotExpanded_data();
    void patternsAreNotExpanded();
    void loopIsFoundAtEachSpelling();
    void sameFileTwiceIsFine();
    void tooDeep();
    void tooManyFiles();
    void tooLarge();
    void unreadableIncludeSaysWhy();
    void doesNotFollowWhenAskedNotTo();
    void dialectOfTheSet_data();
    void dialectOfTheSet();
    void mixedDialectsAreAnError();
    void diagnosticsAreInFileOrder();

  private:
    FileSet read(const FileSetOptions& options = {}) {
        auto set = FileSet::read(*m_files, "/etc/smtpd.conf", options);
        return set ? *std::move(set) : FileSet::fromText(*m_files, "/unreadable", {});
    }

  private Q_SLOTS:
    void init() { m_files = std::make_unique<MemoryFileStore>(); }

  private:
    std::unique_ptr<MemoryFileStore> m_files;
};

void TestFileSet::missingMainFileIsAnError() {
    const auto set = FileSet::read(*m_files, "/etc/none.conf");
    QVERIFY(!set);
    QVERIFY(set.error().code == ErrorCode::NotFound);
}

void TestFileSet::statementsStandWhereTheyAreIncluded() {
    m_files->put("/etc/smtpd.conf", "listen on a\ninclude \"one.conf\"\nlisten on b\ninclude \"two.conf\"\n");
    m_files->put("/etc/one.conf", "listen on c\ninclude \"two.conf\"\nlisten on d\n");
    m_files->put("/etc/two.conf", "listen on e\n");
    const FileSet set = read();
    QCOMPARE(printed(set.diagnostics()), QByteArray());
    QCOMPARE(describe(set), "/etc/smtpd.conf:1 listen on a\n"
                            "/etc/smtpd.conf:2 include \"one.conf\"\n"
                            "/etc/one.conf:1 listen on c\n"
                            "/etc/one.conf:2 include \"two.conf\"\n"
                            "/etc/two.conf:1 listen on e\n"
                            "/etc/one.conf:3 listen on d\n"
                            "/etc/smtpd.conf:3 listen on b\n"
                            "/etc/smtpd.conf:4 include \"two.conf\"\n"
                            "/etc/two.conf:1 listen on e");
    QCOMPARE(set.files(), QByteArrayList({"/etc/smtpd.conf", "/etc/one.conf", "/etc/two.conf"}));
    QCOMPARE(set.main()->file(), "/etc/smtpd.conf");
}

void TestFileSet::pathsAreTakenFromTheIncludersFolder() {
    m_files->put("/etc/smtpd.conf", "include \"sub/a.conf\"\n");
    m_files->put("/etc/sub/a.conf", "include \"b.conf\"\ninclude \"/abs.conf\"\n");
    m_files->put("/etc/sub/b.conf", "listen on b\n");
    m_files->put("/abs.conf", "listen on abs\n");
    QCOMPARE(printed(read().diagnostics()), QByteArray());
    QCOMPARE(read().documents().size(), size_t(4));
}

void TestFileSet::macrosFlowInAndOut() {
    m_files->put("/etc/smtpd.conf", "x = \"lo\"\ninclude \"a.conf\"\nlisten on $y\n");
    m_files->put("/etc/a.conf", "listen on $x\ny = \"em0\"\n");
    const FileSet set = read();
    QCOMPARE(printed(set.diagnostics()), QByteArray());
    QCOMPARE(set.statements().back().values().front().text, "em0");
}

void TestFileSet::macrosFromTheCommandLineStay() {
    m_files->put("/etc/smtpd.conf", "x = \"lo\"\nlisten on $x\n");
    FileSetOptions options;
    options.macros = {{"x", "em0"}};
    QCOMPARE(read(options).statements().back().values().front().text, "em0");
}

void TestFileSet::missingIncludeSaysWhere() {
    m_files->put("/etc/smtpd.conf", "listen on lo\n  include \"none.conf\"\nlisten on lo\n");
    const FileSet set = read();
    QCOMPARE(set.diagnostics().size(), size_t(1));
    const QByteArray said = set.diagnostics().front().print();
    QVERIFY2(said.startsWith("/etc/smtpd.conf:2:11: error: cannot open /etc/none.conf: "), said.constData());
    QCOMPARE(set.statements().size(), size_t(3));
}

// OpenSMTPD 6.8 takes the path as it is, too: "pushfile: /etc/conf.d/*.conf: No such file or directory".
void TestFileSet::patternsAreNotExpanded_data() {
    QTest::addColumn<QByteArray>("path");
    QTest::addColumn<bool>("isPattern");
    QTest::newRow("all of a folder") << QByteArray("conf.d/*.conf") << true;
    QTest::newRow("one letter") << QByteArray("rules?.conf") << true;
    QTest::newRow("a set of letters") << QByteArray("rules[0-9].conf") << true;
    QTest::newRow("a bracket alone is a letter of a name") << QByteArray("rules].conf") << false;
    QTest::newRow("a plain name") << QByteArray("rules.conf") << false;
}

void TestFileSet::patternsAreNotExpanded() {
    QFETCH(const QByteArray, path);
    QFETCH(const bool, isPattern);
    m_files->put("/etc/conf.d/a.conf", "listen on lo\n");
    m_files->put("/etc/rules1.conf", "listen on lo\n");
    m_files->put("/etc/smtpd.conf", "include \"" + path + "\"\n");
    const QByteArray said = printed(read().diagnostics());
    const QByteArray pattern = "/etc/smtpd.conf:1:9: error: there is no file \"/etc/" + path +
                               "\": an include takes one path, and *, ? and [ ] in it stand for themselves (in OpenSMTPD too); "
                               "write an include for each file";
    QCOMPARE(said == pattern, isPattern);
    QVERIFY2(isPattern || said.startsWith("/etc/smtpd.conf:1:9: error: "), said.constData());
    m_files->put("/etc/" + path, "listen on lo\n"); // a file of that very name
    QCOMPARE(printed(read().diagnostics()), QByteArray());
}

void TestFileSet::loopIsFoundAtEachSpelling() { // C01 include loop
    m_files->put("/etc/smtpd.conf", "include \"sub/../a.conf\"\n");
    m_files->put("/etc/sub/../a.conf", "include \"./smtpd.conf\"\n");
    m_files->put("/etc/a.conf", "include \"./smtpd.conf\"\n");
    m_files->put("/etc/sub/.././smtpd.conf", "include \"a.conf\"\n");
    QCOMPARE(printed(read().diagnostics()),
             "/etc/sub/../a.conf:1:9: error: \"/etc/sub/.././smtpd.conf\" includes itself; the second time is left out");
}

void TestFileSet::sameFileTwiceIsFine() {
    m_files->put("/etc/smtpd.conf", "include \"a.conf\"\ninclude \"a.conf\"\n");
    m_files->put("/etc/a.conf", "listen on lo\n");
    const FileSet set = read();
    QCOMPARE(printed(set.diagnostics()), QByteArray());
    QCOMPARE(set.statements().size(), size_t(4));
}

void TestFileSet::tooDeep() {
    m_files->put("/etc/smtpd.conf", "include \"0\"\n");
    for (int i = 0; i < 40; ++i)
        m_files->put("/etc/" + QByteArray::number(i), "include \"" + QByteArray::number(i + 1) + "\"\n");
    QCOMPARE(printed(read().diagnostics()),
             "/etc/30:1:9: error: includes are nested more than 32 deep; this one is left out");
}

void TestFileSet::tooManyFiles() { // C01 10 000 includes
    m_files->put("/etc/smtpd.conf", QByteArray("include \"a\"\n").repeated(10000));
    m_files->put("/etc/a", "listen on lo\n");
    const FileSet set = read();
    QCOMPARE(set.documents().size(), size_t(1000));
    QCOMPARE(printed(set.diagnostics()),
             "/etc/smtpd.conf:1000:9: error: more than 1000 files are included; this one and all after it are left out");
}

void TestFileSet::tooLarge() {
    m_files->put("/etc/smtpd.conf", "include \"big\"\nlisten on lo\n");
    m_files->put("/etc/big", QByteArray((64 << 20) + 1, '#'));
    const FileSet set = read();
    QCOMPARE(printed(set.diagnostics()),
             "/etc/smtpd.conf:1:9: error: \"/etc/big\" is too large to be a configuration (67108865 bytes)");
    QCOMPARE(set.documents().size(), size_t(1));
}

void TestFileSet::unreadableIncludeSaysWhy() { // a folder: the store says so when it is read
    const auto disk = makeDiskFileStore();
    const FileSet set = FileSet::fromText(*disk, "/smtpd.conf", "include \"/\"\n");
    QCOMPARE(set.diagnostics().size(), size_t(1));
    const QByteArray said = set.diagnostics().front().print();
    QVERIFY2(said.startsWith("/smtpd.conf:1:9: error: cannot read /: "), said.constData());
}

void TestFileSet::doesNotFollowWhenAskedNotTo() {
    m_files->put("/etc/smtpd.conf", "include \"none.conf\"\n");
    FileSetOptions options;
    options.followIncludes = false;
    QCOMPARE(printed(read(options).diagnostics()), QByteArray());
}

void TestFileSet::dialectOfTheSet_data() {
    QTest::addColumn<QByteArray>("main");
    QTest::addColumn<QByteArray>("included");
    QTest::addColumn<QByteArray>("expected"); // of both
    const auto row = [](const char* name, const char* main, const char* included, const char* expected) {
        QTest::newRow(name) << QByteArray(main) << QByteArray(included) << QByteArray(expected);
    };
    row("the includer decides for a file without a hint", "include \"a\"\naccept for any relay\n", "listen on lo\n",
        "legacy legacy");
    row("an includer without a hint asks what it includes", "include \"a\"\n", "accept for any relay\n", "legacy legacy");
    row("nobody knows", "include \"a\"\n", "listen on lo\n", "modern modern");
}

void TestFileSet::dialectOfTheSet() {
    QFETCH(const QByteArray, main);
    QFETCH(const QByteArray, included);
    QFETCH(const QByteArray, expected);
    m_files->put("/etc/smtpd.conf", main);
    m_files->put("/etc/a", included);
    QByteArrayList found;
    const FileSet set = read();
    for (const DocumentPtr& document : set.documents())
        found.append(toString(document->dialect()).toByteArray());
    QCOMPARE(found.join(' '), expected);
    FileSetOptions options;
    options.dialect = Dialect::Map2012;
    QVERIFY(read(options).dialect() == Dialect::Map2012);
}

void TestFileSet::mixedDialectsAreAnError() {
    m_files->put("/etc/smtpd.conf", "include \"a\"\nmatch for any reject\n");
    m_files->put("/etc/a", "accept for any relay\n");
    QCOMPARE(printed(read().diagnostics()),
             "/etc/a:1:1: error: this file is written in the accept/reject dialect (5.3 to 6.3), the one that includes it in "
             "the action/match dialect (6.4 and later)");
}

void TestFileSet::diagnosticsAreInFileOrder() {
    m_files->put("/etc/smtpd.conf", "foo\ninclude \"none\"\nbar\ninclude \"a\"\n");
    m_files->put("/etc/a", "baz\n");
    QByteArrayList places;
    const FileSet set = read();
    for (const Diagnostic& diagnostic : set.diagnostics())
        places.append(diagnostic.file + ':' + QByteArray::number(diagnostic.line));
    QCOMPARE(places, QByteArrayList({"/etc/smtpd.conf:1", "/etc/smtpd.conf:2", "/etc/smtpd.conf:3", "/etc/a:1"}));
}

QTEST_APPLESS_MAIN(TestFileSet)
#include "tst_file_set.moc"
