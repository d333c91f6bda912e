// SPDX-License-Identifier: GPL-3.0-or-later
//
// Table statements whose table something else keeps: what is said of their configuration files, and which table they get.
#include "policy/compile.h"

#include "support/memory_file_store.h"

#include <QTest>

using namespace postern;
using namespace postern::policy;

namespace {

const QByteArray kUsers = "dbpath users.db\nquery_alias SELECT a FROM t WHERE k=?\nquery_credentials SELECT u,p FROM t WHERE u=?\n";

QByteArray configuration(const QByteArray& table) {
    return "table t " + table + "\naction \"out\" relay\nmatch from any for domain <t> action \"out\"\n";
}

Compiled compiled(test::MemoryFileStore& files, const QByteArray& text, const CompileOptions& options = {}) {
    return compileText(files, "/p/smtpd.conf", text, options);
}

// What is wrong, without notes.
QByteArray problems(const Compiled& result) {
    QByteArrayList lines;
    for (const config::Diagnostic& one : result.diagnostics)
        if (one.severity != config::Severity::Note)
            lines.append(one.print());
    return lines.join('\n');
}

CompileOptions asking() {
    CompileOptions options;
    options.lookups = std::make_shared<tables::LookupPool>(std::make_shared<SystemClock>());
    return options;
}

} // namespace

class TestCompileAsked : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void complains_data();
    void complains();
    void aPasswordThatOthersCanRead();
    void theConfigurationFileIsOneOfTheFiles();
    void nothingIsReadForTheSyntax();
    void whoDoesNotAskGetsATableThatFails();
    void aReloadKeepsTheTable();
    void aChangedFileIsAnotherTable();
    void aLoginIsNotLookedUpWhileReading();
    void itSuitsListsAndMappings();
};

void TestCompileAsked::complains_data() {
    QTest::addColumn<QByteArray>("table");
    QTest::addColumn<QByteArray>("said");
    QTest::newRow("all is well") << QByteArray("sqlite:users.conf") << QByteArray();
    QTest::newRow("a file that is not there") << QByteArray("sqlite:no.conf") << QByteArray("/p/smtpd.conf:1:9: error: table t: cannot open /p/no.conf: no such file");
    QTest::newRow("an unknown key") << QByteArray("mysql:odd.conf")
                                    << QByteArray("/p/odd.conf:2:1: warning: table t: there is no key \"colour\" for this kind of table; it counts for nothing");
    QTest::newRow("two parameters") << QByteArray("sqlite:two.conf")
                                    << QByteArray("/p/two.conf:2:1: error: table t: query_alias has 2 parameters, and exactly one is wanted: ? where the key belongs");
    QTest::newRow("one of the wrong kind") << QByteArray("postgres:users.conf")
                                           << QByteArray("/p/users.conf:1:1: error: table t: \"conninfo\" is missing: it says where the database is");
}

void TestCompileAsked::complains() {
    QFETCH(QByteArray, table);
    QFETCH(QByteArray, said);
    test::MemoryFileStore files;
    files.put("/p/users.conf", kUsers);
    files.put("/p/odd.conf", "host a\ncolour blue\nquery_alias SELECT a FROM t WHERE k=?\n");
    files.put("/p/two.conf", "dbpath x\nquery_alias SELECT a FROM t WHERE k=? OR j=?\n");
    const QByteArray all = problems(compiled(files, configuration(table)));
    QVERIFY2(said.isEmpty() ? all.isEmpty() : all.contains(said), all.constData());
}

void TestCompileAsked::aPasswordThatOthersCanRead() {
    test::MemoryFileStore files;
    files.put("/p/open.conf", "username mail\npassword secret\nquery_alias SELECT a FROM t WHERE k=?\n");
    const QByteArray text = configuration("mysql:open.conf");
    QCOMPARE(problems(compiled(files, text)), "");
    files.letOthersRead("/p/open.conf");
    QCOMPARE(problems(compiled(files, text)),
             "/p/smtpd.conf:1:9: warning: the password in /p/open.conf can be read by every user of this computer; take that right away"
             " (chmod o-r)");
    files.put("/p/open.conf", "username mail\nquery_alias SELECT a FROM t WHERE k=?\n");
    QCOMPARE(problems(compiled(files, text)), "");
}

void TestCompileAsked::theConfigurationFileIsOneOfTheFiles() {
    test::MemoryFileStore files;
    files.put("/p/users.conf", kUsers);
    const Compiled result = compiled(files, configuration("sqlite:users.conf"));
    QVERIFY(result.ruleset->files.contains("/p/users.conf"));
    QCOMPARE(result.ruleset->tableOrigins.at("t").path, "/p/users.conf");
}

void TestCompileAsked::nothingIsReadForTheSyntax() {
    test::MemoryFileStore files;
    CompileOptions options;
    options.syntaxOnly = true;
    QCOMPARE(problems(compiled(files, configuration("sqlite:no.conf"), options)), "");
}

void TestCompileAsked::whoDoesNotAskGetsATableThatFails() {
    test::MemoryFileStore files;
    files.put("/p/users.conf", kUsers);
    const Compiled result = compiled(files, configuration("sqlite:users.conf"));
    tables::LookupResult answer;
    result.ruleset->table("t")->lookup(tables::Service::Domain, "x", [&](tables::LookupResult one) { answer = std::move(one); });
    QVERIFY(answer.failed);
    QCOMPARE(answer.value, "table t: it is not asked now");
}

void TestCompileAsked::aReloadKeepsTheTable() {
    test::MemoryFileStore files;
    files.put("/p/users.conf", kUsers);
    const CompileOptions options = asking();
    const Compiled before = compiled(files, configuration("sqlite:users.conf"), options);
    const Compiled after = compiled(files, "# moved\n\n" + configuration("sqlite:users.conf"), options);
    QVERIFY(before.ruleset->table("t")->isConnected());
    QCOMPARE(after.ruleset->table("t"), before.ruleset->table("t"));
}

void TestCompileAsked::aChangedFileIsAnotherTable() {
    test::MemoryFileStore files;
    files.put("/p/users.conf", kUsers);
    const CompileOptions options = asking();
    const Compiled before = compiled(files, configuration("sqlite:users.conf"), options);
    files.put("/p/users.conf", kUsers + "query_domain SELECT d FROM t WHERE d=?\n");
    const Compiled after = compiled(files, configuration("sqlite:users.conf"), options);
    QVERIFY(after.ruleset->table("t") != before.ruleset->table("t"));
}

// The database may be slow or away: nobody asks it just to warn of a label it lacks.
void TestCompileAsked::aLoginIsNotLookedUpWhileReading() {
    test::MemoryFileStore files;
    files.put("/p/users.conf", kUsers);
    const Compiled result = compiled(files, "table t sqlite:users.conf\naction \"out\" relay host smtp+tls://office@mx.example auth <t>\n"
                                            "match for any action \"out\"\n", asking());
    QCOMPARE(problems(result), "");
    QVERIFY(!result.ruleset->table("t")->state()->isFailing); // there is no users.db
}

void TestCompileAsked::itSuitsListsAndMappings() {
    test::MemoryFileStore files;
    files.put("/p/users.conf", kUsers);
    const Compiled result = compiled(files, "table t sqlite:users.conf\naction \"in\" expand-only virtual <t>\n"
                                            "match from any for domain <t> action \"in\"\n");
    QVERIFY2(!problems(result).contains("may not be used"), problems(result).constData());
}

QTEST_APPLESS_MAIN(TestCompileAsked)
#include "tst_compile_asked.moc"
