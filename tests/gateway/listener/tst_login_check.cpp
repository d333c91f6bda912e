// SPDX-License-Identifier: GPL-3.0-or-later
//
// Sign-in against a credentials table: who gets in, what a table in trouble means, and what the log may know.
#include "listener/login_check.h"
#include "base/log.h"
#include "support/fake_clock.h"
#include "table_double.h"

#include <QEventLoop>
#include <QRegularExpression>
#include <QTest>
#include <QTimer>

#include <algorithm>
#include <ctime>
#include <mutex>

using namespace postern;
using namespace postern::listener;
using namespace postern::test;
using namespace Qt::StringLiterals;

namespace {

// crypt_blowfish's test vector: the password is "U*U".
const QByteArray kHash = "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";

std::map<QByteArray, QByteArray> people() {
    return {{"carol", kHash},
            {"dave", "dave:" + kHash},
            {"plain", "U*U"},
            {"des", "rEK1ecacw.7.c"},
            {"locked", "*"},
            {"broken", kHash.chopped(3) + "!!"}};
}

QByteArray wordFor(smtp::LoginOutcome outcome) {
    switch (outcome) {
    case smtp::LoginOutcome::Accepted: return "accepted";
    case smtp::LoginOutcome::Refused: return "refused";
    case smtp::LoginOutcome::BackendDown: return "backend down";
    }
    return {};
}

LoginLimits quick() {
    LoginLimits limits;
    limits.longestDelay = Milliseconds(0);
    limits.longestBackOff = Milliseconds(0);
    return limits;
}

// One LoginCheck with what came out of it.
struct Desk {
    explicit Desk(LoginLimits limits = quick())
        : check(
              clock, [this](SessionEvent event) { events.push_back(std::move(event)); },
              [this](ConnectionId id, smtp::LoginOutcome outcome) {
                  answers.append({id, wordFor(outcome)});
                  if (answers.size() >= m_wanted)
                      m_wait.quit();
              },
              limits, [this](const QByteArray& user) {
                  const std::lock_guard lock(m_mutex);
                  m_accountsAsked.append(user);
                  return account;
              }) {}

    // Waits for n answers, and no longer: QTRY_ macros look only every 50 ms.
    bool answered(qsizetype n) {
        m_wanted = n;
        QTimer::singleShot(5000, &m_wait, &QEventLoop::quit);
        if (answers.size() < n)
            m_wait.exec();
        return answers.size() == n;
    }

    void ask(const QByteArray& user, const QByteArray& password, ConnectionId id = 7,
             const QByteArray& address = "192.0.2.9") {
        check.check({id, table, user, Secret(QByteArray(password)), address, "127.0.0.1:587"});
    }

    FakeClock clock;
    std::shared_ptr<TableDouble> table = std::make_shared<TableDouble>(people());
    std::vector<SessionEvent> events;
    QList<std::pair<quint64, QByteArray>> answers;
    AccountHash account; // what the computer says of any user; before ask()
    QByteArrayList accountsAsked() {
        const std::lock_guard lock(m_mutex);
        return m_accountsAsked;
    }

  private:
    std::mutex m_mutex;
    QByteArrayList m_accountsAsked; // guarded by m_mutex

  public:
    LoginCheck check;

  private:
    QEventLoop m_wait;
    qsizetype m_wanted = 0;
};

std::mutex logMutex;
QByteArrayList logged; // guarded by logMutex

} // namespace

class TestLoginCheck : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void initTestCase() {
        setLogToStandardError(false);
        setLogListener([](const LogLine& line) {
            const std::lock_guard lock(logMutex);
            logged.append(line.text);
        });
    }
    void init() {
        QTest::failOnWarning(QRegularExpression(u".*"_s));
        const std::lock_guard lock(logMutex);
        logged.clear();
    }
    void cleanupTestCase() { setLogListener({}); }

    void answersByTableAndHash_data();
    void answersByTableAndHash();
    void failsSafeWhenTheTableIsAway();
    void failsSafeWhenTheTableAnswersLateAndBadly();
    void asksTheComputersAccountsWithoutATable_data();
    void asksTheComputersAccountsWithoutATable();
    void neverAnswersInsideTheCall();
    void hashesForUnknownUsersToo();
    void N14_aSignInCostsAHashWhoeverItIs_data();
    void N14_aSignInCostsAHashWhoeverItIs();
    void reportsUserAndAddressButNoPassword();
    void tellsTheLogWhyNobodyCanSignIn_data();
    void tellsTheLogWhyNobodyCanSignIn();
    void boundsWhatWaits();
    void backsOffByAddress();
    void dropsAnswersAfterItsEnd();
};

void TestLoginCheck::answersByTableAndHash_data() {
    QTest::addColumn<QByteArray>("user");
    QTest::addColumn<QByteArray>("password");
    QTest::addColumn<QByteArray>("answer");
    QTest::addRow("wrong password") << "carol"_ba << "U*V"_ba << "refused"_ba;
    QTest::addRow("empty password") << "carol"_ba << ""_ba << "refused"_ba;
    QTest::addRow("the hash itself as password") << "carol"_ba << kHash << "refused"_ba;
    QTest::addRow("password with a NUL: crypt would stop there") << "carol"_ba << "U*U\0x"_ba << "refused"_ba;
    QTest::addRow("A13 unknown user") << "nobody"_ba << "U*U"_ba << "refused"_ba;
    QTest::addRow("A08 query text as user") << "' OR '1'='1"_ba << "U*U"_ba << "refused"_ba;
    QTest::addRow("A15 password of 1 MiB") << "carol"_ba << QByteArray(1 << 20, 'U') << "refused"_ba;
    QTest::addRow("A15 password of 1025 octets") << "carol"_ba << QByteArray(1025, 'U') << "refused"_ba;
    QTest::addRow("A13 plain text entry, right word: as an unknown user") << "plain"_ba << "U*U"_ba << "refused"_ba;
    QTest::addRow("A13 DES entry: as an unknown user") << "des"_ba << "U*U"_ba << "refused"_ba;
    QTest::addRow("A13 damaged hash: as an unknown user") << "broken"_ba << "U*U"_ba << "refused"_ba;
    QTest::addRow("locked account") << "locked"_ba << "*"_ba << "refused"_ba;
    QTest::addRow("right") << "carol"_ba << "U*U"_ba << "accepted"_ba;
    QTest::addRow("right, user in capitals") << "CAROL"_ba << "U*U"_ba << "accepted"_ba;
    QTest::addRow("right, entry names the user too") << "dave"_ba << "U*U"_ba << "accepted"_ba;
}

void TestLoginCheck::answersByTableAndHash() {
    QFETCH(QByteArray, user);
    QFETCH(QByteArray, password);
    QFETCH(QByteArray, answer);
    Desk desk;
    desk.ask(user, password);
    QVERIFY(desk.answered(1));
    QCOMPARE(desk.answers[0].first, quint64(7));
    QCOMPARE(desk.answers[0].second, answer);
    QCOMPARE(desk.events.size(), size_t(answer == "refused" ? 1 : 0));
}

void TestLoginCheck::failsSafeWhenTheTableIsAway() { // A11: never 235, never 535
    Desk desk;
    desk.table->fails = true;
    desk.ask("carol", "U*U");
    QVERIFY(desk.answered(1));
    QCOMPARE(desk.answers[0].second, "backend down"_ba);
    const std::lock_guard lock(logMutex);
    QCOMPARE(logged, QByteArrayList{"sign-in from 192.0.2.9 at 127.0.0.1:587 put off: table users cannot be asked: the "
                                    "database is away"});
}

void TestLoginCheck::failsSafeWhenTheTableAnswersLateAndBadly() { // A11
    Desk desk;
    desk.table->holds = true;
    desk.ask("carol", "U*U");
    QCoreApplication::processEvents();
    QVERIFY(desk.answers.isEmpty());
    desk.table->fails = true;
    desk.table->release();
    QVERIFY(desk.answered(1));
    QCOMPARE(desk.answers[0].second, "backend down"_ba);
}

void TestLoginCheck::asksTheComputersAccountsWithoutATable_data() {
    QTest::addColumn<int>("state");
    QTest::addColumn<QByteArray>("hash");
    QTest::addColumn<QByteArray>("password");
    QTest::addColumn<QByteArray>("answer");
    QTest::addColumn<QByteArray>("told");
    using State = AccountHash::State;
    const auto row = [](const char* what, State state, const QByteArray& hash, const char* password, const char* answer, const char* told) {
        QTest::addRow("%s", what) << int(state) << hash << QByteArray(password) << QByteArray(answer) << QByteArray(told);
    };
    row("right password", State::Found, kHash, "U*U", "accepted", "");
    row("wrong password", State::Found, kHash, "U*V", "refused", "");
    row("locked account", State::Found, "!" + kHash, "U*U", "refused", "");
    row("account without password", State::Found, "", "", "refused", "");
    row("the hash is all of the entry, a colon in it separates nothing", State::Found, "carol:" + kHash, "U*U", "refused", "the entry in the accounts of this computer is");
    row("no such user", State::NoSuchUser, "", "U*U", "refused", "");
    row("not as root", State::NotPermitted, "", "U*U", "backend down", "only root may read their passwords");
    row("the system fails", State::Failed, "", "U*U", "backend down", "cannot look the user up");
}

void TestLoginCheck::asksTheComputersAccountsWithoutATable() {
    QFETCH(int, state);
    QFETCH(QByteArray, hash);
    QFETCH(QByteArray, password);
    QFETCH(QByteArray, answer);
    QFETCH(QByteArray, told);
    Desk desk;
    desk.table.reset();
    desk.account = {AccountHash::State(state), hash};
    desk.ask("Carol", password);
    QVERIFY(desk.answered(1));
    QCOMPARE(desk.answers[0].second, answer);
    QCOMPARE(desk.accountsAsked(), QByteArrayList{"Carol"}); // names of accounts are as they are
    const std::lock_guard lock(logMutex);
    QVERIFY2(logged.join('\n').contains(told), logged.join('\n').constData());
    QVERIFY(!logged.join('\n').contains(kHash));
}

void TestLoginCheck::neverAnswersInsideTheCall() {
    Desk desk;
    desk.table->fails = true;
    desk.ask("carol", "U*U");
    QVERIFY(desk.answers.isEmpty());
    QVERIFY(desk.answered(1));
}

// A13. Time is not measured (a loaded machine would lie); that the work is done shows in the table being sampled for a
// hash to imitate.
void TestLoginCheck::hashesForUnknownUsersToo() {
    Desk desk;
    desk.ask("nobody", "U*U");
    QVERIFY(desk.answered(1));
    QCOMPARE(desk.table->asked.value(0), "nobody"_ba);
    QVERIFY(desk.table->asked.contains("carol"));
}

void TestLoginCheck::N14_aSignInCostsAHashWhoeverItIs_data() {
    QTest::addColumn<QByteArray>("user");
    QTest::addColumn<QByteArray>("answer");
    QTest::addRow("no such user") << "nobody"_ba << "refused"_ba;
    QTest::addRow("a locked user") << "locked"_ba << "refused"_ba;
    QTest::addRow("a user whose password stands there in clear") << "plain"_ba << "refused"_ba;
    QTest::addRow("a user whose hash is too weak") << "des"_ba << "refused"_ba;
}

// Processor time of this program, not what a loaded machine makes of it: without a hash it would be next to nothing.
void TestLoginCheck::N14_aSignInCostsAHashWhoeverItIs() {
    QFETCH(QByteArray, user);
    QFETCH(QByteArray, answer);
    constexpr int kTimes = 20;
    const auto costOf = [&](const QByteArray& who) {
        Desk desk;
        const std::clock_t before = std::clock();
        for (int i = 0; i < kTimes; ++i)
            desk.ask(who, "wrong", ConnectionId(i));
        if (!desk.answered(kTimes))
            return std::clock_t(0);
        for (const auto& [id, said] : desk.answers)
            if (said != answer)
                return std::clock_t(0);
        return std::clock() - before;
    };
    const std::clock_t known = costOf("carol"), other = costOf(user);
    QVERIFY(known > 0);
    QVERIFY2(other > known / 2, (QByteArray::number(qint64(other)) + " against " + QByteArray::number(qint64(known))).constData());
}

void TestLoginCheck::reportsUserAndAddressButNoPassword() { // A05
    Desk desk;
    desk.ask("carol", "hunter2-very-secret");
    desk.ask("evil\r\nname", "hunter2-very-secret");
    QVERIFY(desk.answered(2));
    const std::lock_guard lock(logMutex);
    QVERIFY(std::any_of(desk.events.begin(), desk.events.end(), [](const SessionEvent& event) {
        return event.text.startsWith("Sign-in of \"carol\" from 192.0.2.9 failed");
    }));
    QByteArray all = logged.join('\n');
    for (const SessionEvent& event : desk.events)
        all += event.text + event.detail;
    QVERIFY(!all.contains("hunter2"));
    QVERIFY(!all.contains('\r'));
    QVERIFY(!all.contains(kHash));
}

void TestLoginCheck::tellsTheLogWhyNobodyCanSignIn_data() { // A15
    QTest::addColumn<QByteArray>("user");
    QTest::addColumn<QByteArray>("line");
    QTest::addRow("plain text") << "plain"_ba
                                << "nobody can sign in as plain: the entry in table users is not a password hash (plain "
                                   "text?); make one with: posternctl encrypt"_ba;
    QTest::addRow("damaged") << "broken"_ba
                             << "nobody can sign in as broken: the entry in table users is a damaged hash; make one with: "
                                "posternctl encrypt"_ba;
}

void TestLoginCheck::tellsTheLogWhyNobodyCanSignIn() {
    QFETCH(QByteArray, user);
    QFETCH(QByteArray, line);
    Desk desk;
    desk.ask(user, "U*U");
    QVERIFY(desk.answered(1));
    QCOMPARE(desk.events.size(), size_t(1)); // and counts as a failed sign-in
    const std::lock_guard lock(logMutex);
    QCOMPARE(logged, QByteArrayList{line});
}

void TestLoginCheck::boundsWhatWaits() { // T17's like: a flood of sign-ins must not queue without end
    LoginLimits limits = quick();
    limits.mostPending = 3;
    Desk desk(limits);
    desk.table->holds = true;
    for (ConnectionId id = 1; id <= 5; ++id)
        desk.ask("carol", "U*U", id);
    QVERIFY(desk.answered(2));
    QCOMPARE(desk.answers[0].second, "backend down"_ba);
    desk.table->release();
    QVERIFY(desk.answered(5));
    QCOMPARE(desk.answers[4].second, "accepted"_ba);
}

void TestLoginCheck::backsOffByAddress() { // A05
    LoginLimits limits = quick();
    limits.failuresBeforeBackOff = 3;
    limits.longestBackOff = Milliseconds(1);
    Desk desk(limits);
    for (int i = 0; i < 4; ++i) {
        QCOMPARE(desk.check.delayAfterFailure("192.0.2.9"), Milliseconds(0));
        desk.ask("carol", "wrong", ConnectionId(i));
        QVERIFY(desk.answered(i + 1));
    }
    QCOMPARE(desk.check.delayAfterFailure("192.0.2.9"), Milliseconds(1));
    QCOMPARE(desk.check.delayAfterFailure("192.0.2.10"), Milliseconds(0)); // others are not punished
    desk.clock.advance(Milliseconds(600'001));
    desk.ask("carol", "wrong");
    QVERIFY(desk.answered(5));
    QCOMPARE(desk.check.delayAfterFailure("192.0.2.9"), Milliseconds(0)); // forgotten
}

void TestLoginCheck::dropsAnswersAfterItsEnd() {
    auto table = std::make_shared<TableDouble>(people());
    table->holds = true;
    {
        Desk desk;
        desk.table = table;
        desk.ask("carol", "U*U");
    }
    table->release(); // nobody is there; must not crash
    QCoreApplication::processEvents();
}

QTEST_GUILESS_MAIN(TestLoginCheck)
#include "tst_login_check.moc"
