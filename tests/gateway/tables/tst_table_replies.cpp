// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the line protocols of tables say: socketmap servers, external programs, redis commands.
#include "tables/program_backend.h"
#include "tables/redis_backend.h"
#include "tables/socketmap_backend.h"

#include <QTest>

using namespace postern;
using namespace postern::tables;

namespace {

// "value", "not found", or "CODE: ..." of an error.
QByteArray shown(const Result<std::optional<QByteArray>>& reply) {
    if (!reply)
        return toString(reply.error().code).toByteArray();
    return *reply ? "=" + **reply : QByteArray("not found");
}

} // namespace

class TestTableReplies : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void socketmap_data();
    void socketmap();
    void registrations_data();
    void registrations();
    void programs_data();
    void programs();
    void B04_redisKeysStayOneArgument_data();
    void B04_redisKeysStayOneArgument();
    void redisConfiguration_data();
    void redisConfiguration();
};

void TestTableReplies::socketmap_data() { // tables page, 12
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<QByteArray>("expected");
    QTest::newRow("a value") << QByteArray("OK ann@x.example, bob") << QByteArray("=ann@x.example, bob");
    QTest::newRow("nothing there") << QByteArray("NOTFOUND no such key") << QByteArray("not found");
    QTest::newRow("nothing there, without a reason") << QByteArray("NOTFOUND ") << QByteArray("not found");
    QTest::newRow("later") << QByteArray("TEMP database away") << QByteArray("unavailable");
    QTest::newRow("too slow") << QByteArray("TIMEOUT ") << QByteArray("unavailable");
    QTest::newRow("never") << QByteArray("PERM bad key") << QByteArray("corrupt");
    QTest::newRow("no blank behind the word") << QByteArray("NOTFOUND") << QByteArray("unavailable");
    QTest::newRow("another word") << QByteArray("MAYBE x") << QByteArray("unavailable");
    QTest::newRow("a netstring") << QByteArray("4:OK x,") << QByteArray("unavailable");
    QTest::newRow("nothing") << QByteArray() << QByteArray("unavailable");
}
void TestTableReplies::socketmap() {
    QFETCH(QByteArray, line);
    QTEST(shown(parseSocketmapReply(line)), "expected");
}

void TestTableReplies::registrations_data() {
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<QByteArray>("expected"); // the service, "ready" or "refused"
    QTest::newRow("a service") << QByteArray("register|mailaddrmap") << QByteArray("mailaddrmap");
    QTest::newRow("the end") << QByteArray("register|ready") << QByteArray("ready");
    QTest::newRow("a service that there is not") << QByteArray("register|weather") << QByteArray("refused");
    QTest::newRow("another line") << QByteArray("hello") << QByteArray("refused");
    QTest::newRow("nothing") << QByteArray() << QByteArray("refused");
}
void TestTableReplies::registrations() {
    QFETCH(QByteArray, line);
    const auto said = parseRegistration(line);
    QTEST(!said ? QByteArray("refused") : *said ? toString(**said).toByteArray() : QByteArray("ready"), "expected");
}

void TestTableReplies::programs_data() { // tables page, 13
    QTest::addColumn<QByteArray>("operation");
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char* title, const char* operation, const char* line, const char* expected) {
        QTest::newRow(title) << QByteArray(operation) << QByteArray(line) << QByteArray(expected);
    };
    row("a value", "lookup", "lookup-result|0a1b2c3d|found|ann@example.org, bob", "=ann@example.org, bob");
    row("a value with bars", "lookup", "lookup-result|0a1b2c3d|found|\"|/bin/x\" | y", "=\"|/bin/x\" | y");
    row("not there", "lookup", "lookup-result|0a1b2c3d|not-found", "not found");
    row("its own trouble", "lookup", "lookup-result|0a1b2c3d|error|database is away", "unavailable");
    row("found by a check", "check", "check-result|0a1b2c3d|found", "=");
    row("not found by a check", "check", "check-result|0a1b2c3d|not-found", "not found");
    row("the next one", "fetch", "fetch-result|0a1b2c3d|found|192.0.2.7", "=192.0.2.7");
    row("the next one, as the manual prints it", "fetch", "lookup-result|0a1b2c3d|found|192.0.2.7", "=192.0.2.7");
    row("the reply to another question", "lookup", "lookup-result|0a1b2c3e|found|x", "protocol");
    row("the reply to another operation", "lookup", "check-result|0a1b2c3d|found", "protocol");
    row("an empty value", "lookup", "lookup-result|0a1b2c3d|found|", "protocol");
    row("found without a value", "lookup", "lookup-result|0a1b2c3d|found", "protocol");
    row("another word", "lookup", "lookup-result|0a1b2c3d|maybe|x", "protocol");
    row("too short", "lookup", "lookup-result|0a1b2c3d", "protocol");
    row("nothing", "lookup", "", "protocol");
}
void TestTableReplies::programs() {
    QFETCH(QByteArray, operation);
    QFETCH(QByteArray, line);
    QTEST(shown(parseTableReply(line, operation, "0a1b2c3d")), "expected");
}

void TestTableReplies::B04_redisKeysStayOneArgument_data() {
    QTest::addColumn<QByteArray>("query");
    QTest::addColumn<QByteArray>("key");
    QTest::addColumn<QByteArrayList>("words");
    QTest::newRow("the default") << QByteArray("GET alias:%s") << QByteArray("bob") << QByteArrayList{"GET", "alias:bob"};
    QTest::newRow("twice") << QByteArray("HGET %s  mail:%s") << QByteArray("bob") << QByteArrayList{"HGET", "bob", "mail:bob"};
    QTest::newRow("blanks in the key") << QByteArray("GET %s") << QByteArray("x FLUSHALL y") << QByteArrayList{"GET", "x FLUSHALL y"};
    QTest::newRow("quotes, percent signs and octets in the key")
        << QByteArray("GET a:%s") << QByteArray("\"'%s\r\n\xff") << QByteArrayList{"GET", "a:\"'%s\r\n\xff"};
    QTest::newRow("a percent sign of the query") << QByteArray("GET 50%%:%s") << QByteArray("k") << QByteArrayList{"GET", "50%:k"};
}
void TestTableReplies::B04_redisKeysStayOneArgument() {
    QFETCH(QByteArray, query);
    QFETCH(QByteArray, key);
    QTEST(redisCommand(query, key), "words");
}

void TestTableReplies::redisConfiguration_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QList<int>>("lines"); // with problems
    QTest::addColumn<bool>("isUsable");
    QTest::newRow("nothing: all have defaults") << QByteArray() << QList<int>() << true;
    QTest::newRow("all keys") << QByteArray("master unix:/run/redis.sock\nmaster_port 6379\nslave: 192.0.2.1\nslave_port 6380\n"
                                            "database 3\npassword s\nquery_alias HGET aliases %s\n")
                              << QList<int>() << true;
    QTest::newRow("an unknown key is told") << QByteArray("database 1\nhost x\n") << QList<int>{2} << true;
    QTest::newRow("a port that is none") << QByteArray("master_port 66000\n") << QList<int>{1} << false;
    QTest::newRow("a query without a place for the key") << QByteArray("\nquery_domain GET domains\n") << QList<int>{2} << false;
}
void TestTableReplies::redisConfiguration() {
    QFETCH(QByteArray, text);
    const MadeBackend made = makeRedisBackend({"t", "/etc/redis.conf", text});
    QList<int> lines;
    for (const TableProblem& problem : made.problems)
        lines.append(problem.line);
    QTEST(lines, "lines");
    QTEST(made.make != nullptr, "isUsable");
    QCOMPARE(made.holdsSecret, text.contains("password"));
}

QTEST_APPLESS_MAIN(TestTableReplies)
#include "tst_table_replies.moc"
