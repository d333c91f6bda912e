// SPDX-License-Identifier: GPL-3.0-or-later
//
// Backends of this computer: makemap's databases, passwd files, its accounts, external programs. Each against the real thing.
#include "base/log.h"
#include "support/lookup_cases.h"
#include "support/places.h"
#include "tables/accounts.h"
#include "tables/db_backend.h"
#include "tables/db_file.h"
#include "tables/program_backend.h"

#include <QFile>
#include <QTemporaryDir>

#include <pwd.h>
#include <unistd.h>

using namespace postern;
using namespace postern::tables;
using namespace postern::test;
using namespace Qt::StringLiterals;

namespace {

QByteArray valueOf(const LookupEntry& entry) {
    const bool isColumns = entry.service == Service::Credentials || entry.service == Service::Userinfo;
    return entry.values.join(isColumns ? ":" : ", ");
}

const QList<Service> kAll{Service::Alias,    Service::Domain,   Service::Credentials, Service::Netaddr,
                          Service::Userinfo, Service::Mailaddr, Service::Addrname,    Service::Mailaddrmap};

} // namespace

class TestLocalBackends : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;
    std::unique_ptr<FileStore> m_files = makeDiskFileStore();
    std::unique_ptr<Backend> m_office; // a program with all entries

    QByteArray path(const QByteArray& name) const { return QFile::encodeName(m_folder.filePath(QString::fromUtf8(name))); }
    QByteArray put(const QByteArray& name, const QByteArray& text) const {
        QFile file(QFile::decodeName(path(name)));
        if (!file.open(QIODevice::WriteOnly) || file.write(text) != text.size())
            qFatal("cannot write");
        return path(name);
    }
    QByteArray putDb(const QByteArray& name, const std::vector<Entry>& entries) const {
        if (!DbFile::write(*m_files, path(name), put(name + ".txt", ""), DbKind::Hash, entries))
            qFatal("cannot write the database");
        return path(name);
    }
    static std::unique_ptr<Backend> opened(const MadeBackend& made) {
        auto backend = made.make();
        if (const auto open = backend->open(); !open)
            qFatal("%s", open.error().text.constData());
        return backend;
    }
    std::unique_ptr<Backend> program(const QByteArray& text) const {
        return opened(makeProgramBackend("people", {"folks", put("people.conf", text), {}}));
    }

  private Q_SLOTS:
    void initTestCase() {
        setLogToStandardError(false);
        QVERIFY(QFile::link(QStringLiteral(POSTERN_SOURCE_DIR "/tests/peers/table_program.py"), m_folder.filePath(u"table-people"_s)));
        qputenv("PATH", m_folder.path().toLocal8Bit() + ':' + qgetenv("PATH"));
    }

    void cleanupTestCase() { m_office.reset(); }

    void databasesAnswer_data() { lookupCaseRows(kAll); }
    void databasesAnswer() {
        QFETCH(LookupCase, lookup);
        std::vector<Entry> entries;
        for (const LookupEntry& entry : lookupEntries())
            if (entry.service == lookup.service)
                entries.push_back({entry.key, isMatchService(entry.service) ? QByteArray() : valueOf(entry)});
        const auto backend = opened(makeDbBackend({"t", putDb("cases.db", entries), {}}));
        QCOMPARE(lookedUp(*backend, lookup.service, lookup.key), lookup.answer);
    }

    // What a static table covers, one in a database covers too.
    void databasesMatchByTheRulesOfStaticTables_data() {
        QTest::addColumn<int>("service");
        QTest::addColumn<QByteArray>("entry");
        QTest::addColumn<QByteArray>("key");
        QTest::addColumn<bool>("covers");
        const auto row = [](const char* title, Service service, const char* entry, const char* key, bool covers) {
            QTest::newRow(title) << int(service) << QByteArray(entry) << QByteArray(key) << covers;
        };
        row("a pattern", Service::Domain, "*.example.org", "a.example.org", true);
        row("a pattern and the name itself", Service::Domain, "*.example.org", "example.org", false);
        row("a prefix", Service::Netaddr, "192.0.2.0/24", "192.0.2.77", true);
        row("beside a prefix", Service::Netaddr, "192.0.2.0/24", "192.0.3.1", false);
        row("an IPv6 prefix", Service::Netaddr, "2001:db8::/32", "[2001:db8::7]", true);
        row("a domain of senders", Service::Mailaddr, "@example.org", "eve@example.org", true);
        row("a sub-address", Service::Mailaddr, "bob@example.org", "bob+lists@example.org", true);
        row("an expression", Service::Regex, "^news-.*@", "news-7@example.org", true);
    }
    void databasesMatchByTheRulesOfStaticTables() {
        QFETCH(int, service);
        QFETCH(QByteArray, entry);
        QFETCH(QByteArray, key);
        const auto backend = opened(makeDbBackend({"t", putDb("match.db", {{entry, {}}}), {}}));
        const auto is = backend->check(Service(service), key);
        QVERIFY2(is, is ? "" : is.error().text.constData());
        QTEST(*is, "covers");
    }

    void aDatabaseMadeAnewIsSeenAtOnce() {
        const QByteArray file = putDb("live.db", {{"a", "old"}});
        const auto backend = opened(makeDbBackend({"t", file, {}}));
        QCOMPARE(lookedUp(*backend, Service::Alias, "a"), QByteArray("found old"));
        QCOMPARE(lookedUp(*backend, Service::Domain, "b"), QByteArray("no"));
        putDb("live.db", {{"a", "new"}, {"b", ""}});
        QCOMPARE(lookedUp(*backend, Service::Alias, "a"), QByteArray("found new"));
        QCOMPARE(lookedUp(*backend, Service::Domain, "b"), QByteArray("yes"));
        put("live.db", "half a database");
        const auto bad = backend->lookup(Service::Alias, "a");
        QVERIFY(!bad && bad.error().text.contains(file));
        putDb("live.db", {{"a", "newer"}});
        QCOMPARE(lookedUp(*backend, Service::Alias, "a"), QByteArray("found newer"));
    }

    void onlyDatabasesOfMakemapMayNameFiles() { // B07: the others may be written by others than the administrator
        QVERIFY(makeDbBackend({"t", "/x.db", {}}).mayNameFiles);
        QVERIFY(!makePasswdBackend({"t", "/x", {}}).mayNameFiles);
        QVERIFY(!makeProgramBackend("people", {"t", "/x", {}}).mayNameFiles);
    }

    void whatADatabaseGivesInTurn() {
        const auto backend = opened(makeDbBackend({"t", putDb("turn.db", {{"192.0.2.2", ""}, {"192.0.2.1", ""}}), {}}));
        QCOMPARE(backend->fetch(Service::Source).value_or({}), (QByteArrayList{"192.0.2.1", "192.0.2.2"}));
    }

    void passwdFilesAnswer_data() { // tables page, 11
        QTest::addColumn<int>("service");
        QTest::addColumn<QByteArray>("key");
        QTest::addColumn<QByteArray>("answer");
        const auto row = [](const char* title, Service service, const char* key, const QByteArray& answer) {
            QTest::newRow(title) << int(service) << QByteArray(key) << answer;
        };
        row("a login", Service::Credentials, "ann", "found ann:" + kHash);
        row("a user", Service::Userinfo, "ann", "found 1000:1001:/home/ann");
        row("a user without a password", Service::Userinfo, "bob", "found 1002:1002:/srv/bob");
        row("no login without a hash", Service::Credentials, "bob", "no");
        row("an unknown user", Service::Userinfo, "eve", "no");
        row("a line behind a comment", Service::Userinfo, "joe", "no");
        row("fields behind the shell", Service::Userinfo, "zoe", "found 7:8:/home/zoe");
    }
    void passwdFilesAnswer() {
        QFETCH(int, service);
        QFETCH(QByteArray, key);
        const QByteArray file = put("passwd", "# users\nann:" + kHash + ":1000:1001:Ann:/home/ann:/bin/sh\n\n"
                                              "bob::1002:1002::/srv/bob:/bin/sh # the other one\n#joe:x:1:1::/:/\n"
                                              "Zoe:x:7:8:Zoe:/home/zoe:/bin/sh:more:of:it\n");
        const auto backend = opened(makePasswdBackend({"t", file, {}}));
        QTEST(lookedUp(*backend, Service(service), key), "answer");
    }

    void aPasswdFileServesNothingElse() {
        const auto backend = opened(makePasswdBackend({"t", put("passwd", "a:b:1:1::/:/\n"), {}}));
        QCOMPARE(int(backend->lookup(Service::Alias, "a").error().code), int(ErrorCode::Unsupported));
        QCOMPARE(int(backend->check(Service::Domain, "a").error().code), int(ErrorCode::Unsupported));
    }

    void B01_oneBadLineSpoilsAPasswdFile_data() {
        QTest::addColumn<QByteArray>("line");
        QTest::newRow("too few fields") << QByteArray("bob:x:1:1");
        QTest::newRow("no name") << QByteArray(":x:1:1::/:/bin/sh");
        QTest::newRow("a user number that is none") << QByteArray("bob:x:one:1::/:/bin/sh");
        QTest::newRow("a group number below zero") << QByteArray("bob:x:1:-1::/:/bin/sh");
    }
    void B01_oneBadLineSpoilsAPasswdFile() {
        QFETCH(QByteArray, line);
        const QByteArray file = put("passwd", "ann:x:1:1::/:/bin/sh\n" + line + '\n');
        const auto open = makePasswdBackend({"t", file, {}}).make()->open();
        QVERIFY(!open);
        QVERIFY2(open.error().text.startsWith(file + ":2: "), open.error().text.constData());
    }

    void aPasswdFileThatChangesIsSeenAtOnce() {
        const QByteArray file = put("passwd", "ann:x:1:1::/home/ann:/bin/sh\n");
        const auto backend = opened(makePasswdBackend({"t", file, {}}));
        QCOMPARE(lookedUp(*backend, Service::Userinfo, "ann"), QByteArray("found 1:1:/home/ann"));
        put("passwd", "ann:x:1:1::/home/else:/bin/sh\n");
        QCOMPARE(lookedUp(*backend, Service::Userinfo, "ann"), QByteArray("found 1:1:/home/else"));
    }

    void accountsOfThisComputer() {
        const passwd* me = ::getpwuid(::geteuid());
        QVERIFY(me);
        const QByteArray expected = "found " + QByteArray::number(me->pw_uid) + ':' + QByteArray::number(me->pw_gid) + ':' + me->pw_dir;
        const auto backend = opened(makeGetpwnamBackend({"t", {}, {}}));
        QCOMPARE(lookedUp(*backend, Service::Userinfo, me->pw_name), expected);
        QCOMPARE(lookedUp(*backend, Service::Userinfo, "there-is-no-such-user"), QByteArray("no"));
        QCOMPARE(lookedUp(*backend, Service::Userinfo, ""), QByteArray("no"));
        QCOMPARE(int(backend->lookup(Service::Alias, "root").error().code), int(ErrorCode::Unsupported));
    }

    void programsAnswer_data() { lookupCaseRows(kAll); }
    void programsAnswer() {
        QFETCH(LookupCase, lookup);
        if (!m_office) {
            QByteArray text;
            for (const LookupEntry& entry : lookupEntries())
                text += toString(entry.service).toByteArray() + '|' + entry.key + '|' + valueOf(entry) + '\n';
            m_office = program(text);
        }
        QCOMPARE(lookedUp(*m_office, lookup.service, lookup.key), lookup.answer);
    }

    void aProgramTakesItsTurnsItself() {
        const auto backend = program("source|192.0.2.7|x\nsource|192.0.2.3|x\n");
        QCOMPARE(backend->fetch(Service::Source).value_or({}), QByteArrayList{"192.0.2.7"});
        QCOMPARE(backend->fetch(Service::Source).value_or({}), QByteArrayList{"192.0.2.3"});
        QCOMPARE(backend->fetch(Service::Source).value_or({}), QByteArrayList{"192.0.2.7"});
        QCOMPARE(backend->fetchRule().refresh, 1);
    }

    void aProgramThatMisbehaves_data() {
        QTest::addColumn<QByteArray>("key");
        QTest::addColumn<int>("code");
        QTest::addColumn<bool>("goesOn"); // with the next question, without being started anew
        QTest::newRow("says that it has trouble") << QByteArray("trouble") << int(ErrorCode::Unavailable) << true;
        QTest::newRow("ends") << QByteArray("die") << int(ErrorCode::Unavailable) << false;
        QTest::newRow("answers rubbish") << QByteArray("rubbish") << int(ErrorCode::Unavailable) << false;
        QTest::newRow("answers another question") << QByteArray("other") << int(ErrorCode::Unavailable) << false;
    }
    void aProgramThatMisbehaves() {
        QFETCH(QByteArray, key);
        QFETCH(int, code);
        QFETCH(bool, goesOn);
        const auto backend = program("alias|ann|x@y.example\n");
        const auto said = backend->lookup(Service::Alias, key);
        QVERIFY(!said);
        QCOMPARE(int(said.error().code), code);
        const auto next = backend->lookup(Service::Alias, "ann");
        QCOMPARE(next.has_value(), goesOn);
        if (!goesOn)
            QVERIFY(backend->open()); // as the lookup threads do
        QCOMPARE(lookedUp(*backend, Service::Alias, "ann"), QByteArray("found x@y.example"));
    }

    void aProgramThatDoesNotServeSaysSo() {
        const auto backend = program("alias|ann|x\n");
        const auto said = backend->lookup(Service::Credentials, "ann");
        QVERIFY(!said);
        QCOMPARE(int(said.error().code), int(ErrorCode::Unsupported));
    }

    void whichProgram_data() {
        QTest::addColumn<QByteArray>("word");
        QTest::addColumn<bool>("isThere");
        QTest::newRow("in PATH") << QByteArray("people") << true;
        QTest::newRow("nowhere") << QByteArray("no-such-thing") << false;
        QTest::newRow("C06 a path for a word") << QByteArray("../table-people") << false;
        QTest::newRow("nothing") << QByteArray() << false;
    }
    void whichProgram() {
        QFETCH(QByteArray, word);
        QTEST(!tableProgram(word).isEmpty(), "isThere");
    }
};

QTEST_GUILESS_MAIN(TestLocalBackends)
#include "tst_local_backends.moc"
