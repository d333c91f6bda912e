// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/keychain_watch.h"
#include "support/fake_clock.h"
#include "support/fake_keychain.h"
#include "tables/login_table.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <optional>

using namespace postern;
using namespace postern::engine;
using keychain::State;
using tables::LookupResult;
using tables::Service;

namespace {

Profile profileAt(const QByteArray& folder) {
    return Profile{folder, folder + "/smtpd.conf", folder + "/queue"};
}

} // namespace

class TestKeychainLogins : public QObject {
    Q_OBJECT

    const std::shared_ptr<test::FakeKeychain> m_keychain = std::make_shared<test::FakeKeychain>();
    const std::shared_ptr<KeychainLogins> m_logins = std::make_shared<KeychainLogins>(profileAt("/home/ann/postern"), m_keychain);
    const tables::LoginTable m_table{"logins", m_logins};

    std::optional<LookupResult> ask(const QByteArray& label, Service service = Service::Credentials) const {
        std::optional<LookupResult> answer;
        m_table.lookup(service, label, [&answer](LookupResult result) { answer = std::move(result); });
        return answer;
    }

  private Q_SLOTS:
    void init() {
        m_keychain->entries = {{"Postern/home/ann/postern/queue/login/Office", "carol:s3cret"}};
        m_keychain->trouble = State::Done;
        m_keychain->isSlow = false;
        m_keychain->asked.clear();
        (void)ask("Office"); // no trouble from before
        m_keychain->asked.clear();
    }

    void B09_labelsCompareExactly_data() {
        QTest::addColumn<QByteArray>("label");
        QTest::addColumn<bool>("isFound");
        QTest::newRow("the label") << QByteArray("Office") << true;
        QTest::newRow("in lower case") << QByteArray("office") << false;
        QTest::newRow("the beginning of it") << QByteArray("Off") << false;
        QTest::newRow("of another relay") << QByteArray("bulk") << false;
        QTest::newRow("the label with a path before it") << QByteArray("../login/Office") << false;
        QTest::newRow("none") << QByteArray() << false;
    }
    void B09_labelsCompareExactly() {
        QFETCH(QByteArray, label);
        QFETCH(bool, isFound);
        const auto answer = ask(label);
        QVERIFY(answer && !answer->failed);
        QCOMPARE(answer->found, isFound);
        QCOMPARE(answer->value, isFound ? QByteArray("carol:s3cret") : QByteArray());
    }

    // Another profile of the same user has logins of its own in the same keychain.
    void profilesAreApart() {
        const KeychainLogins other(profileAt("/home/ann/second"), m_keychain);
        std::optional<LookupResult> answer;
        other.lookup("Office", [&answer](LookupResult result) { answer = std::move(result); });
        QVERIFY(answer && !answer->found && !answer->failed);
    }

    void X03_aKeychainThatDoesNotAnswerIsNoMissingLogin_data() {
        QTest::addColumn<int>("state");
        for (const auto& [name, state] : {std::pair("no service", State::NoService), {"locked", State::Locked},
                                          {"denied", State::Denied}, {"too slow", State::TooSlow},
                                          {"built without", State::NotBuilt}, {"anything else", State::Failed}})
            QTest::newRow(name) << int(state);
    }
    void X03_aKeychainThatDoesNotAnswerIsNoMissingLogin() {
        QFETCH(int, state);
        m_keychain->trouble = State(state);
        const auto answer = ask("Office");
        QVERIFY(answer && answer->failed && !answer->found);
        QCOMPARE(answer->value, keychain::reason({State(state), {}, "said the bus"}));
        QCOMPARE(m_logins->trouble().reason, answer->value);
        m_keychain->trouble = State::Done;
        QVERIFY(ask("Office")->found);
        QCOMPARE(m_logins->trouble().reason, QByteArray());
    }

    void X03_aLookupDoesNotWait() {
        m_keychain->isSlow = true;
        std::optional<LookupResult> answer;
        m_table.lookup(Service::Credentials, "Office", [&answer](LookupResult result) { answer = std::move(result); });
        QVERIFY(!answer);
        m_keychain->deliver();
        QVERIFY(answer && answer->found);
    }

    void onlyCredentialsAreServed() {
        QVERIFY(ask("Office", Service::String)->failed);
        QVERIFY(ask("Office", Service::Domain)->failed);
        QVERIFY(ask(QByteArray(1024, 'a'))->failed);
        std::optional<LookupResult> answer;
        m_table.fetch(Service::Relayhost, [&answer](LookupResult result) { answer = std::move(result); });
        QVERIFY(answer && answer->failed);
        QVERIFY(m_keychain->asked.empty());
        const tables::LoginTable unasked("logins", nullptr); // as `check` reads it
        unasked.lookup(Service::Credentials, "Office", [&answer](LookupResult result) { answer = std::move(result); });
        QVERIFY(answer->failed);
        QVERIFY(unasked.keys().isEmpty());
    }

    void labelsAreRememberedAndSecretsAreNot() {
        const QTemporaryDir folder;
        const Profile profile = profileAt(QFile::encodeName(folder.path()));
        QCOMPARE(keptLabels(profile), QByteArrayList());
        QVERIFY(noteLabel(profile, "Office", true));
        QVERIFY(noteLabel(profile, "a,b \xc3\xa4", true));
        QVERIFY(noteLabel(profile, "Office", true)); // once
        QCOMPARE(keptLabels(profile), (QByteArrayList{"Office", "a,b \xc3\xa4"}));
        QVERIFY(noteLabel(profile, "Office", false));
        QCOMPARE(keptLabels(profile), QByteArrayList{"a,b \xc3\xa4"});
    }

    void aTestAsksForEachLoginOnce() {
        const QTemporaryDir folder;
        const Profile profile = profileAt(QFile::encodeName(folder.path()));
        const tables::LoginTable table("logins", std::make_shared<KeychainLogins>(profile, m_keychain));
        const auto tested = [&table] {
            std::optional<LookupResult> answer;
            table.test([&answer](LookupResult result) { answer = std::move(result); });
            return answer && answer->failed ? answer->value : answer && answer->found ? QByteArray("good") : QByteArray("no answer");
        };
        QCOMPARE(tested(), "good"); // nothing is kept, and the keychain can be asked
        for (const QByteArray& label : {QByteArray("a"), QByteArray("b"), QByteArray("c")}) {
            QVERIFY(noteLabel(profile, label, true));
            m_keychain->entries[profile.keychainName(label)] = "carol:s3cret";
        }
        QCOMPARE(tested(), "good");
        m_keychain->entries.erase(profile.keychainName("b"));
        QCOMPARE(tested(), "the keychain has no login for b");
        m_keychain->trouble = State::Locked;
        m_keychain->asked.clear();
        QVERIFY(tested().startsWith("the keychain is locked"));
        QCOMPARE(m_keychain->asked.size(), size_t(1));
    }

    // 5 s, 10 s, 20 s, 40 s, then once a minute; and once more it is told that it answers.
    void X03_asksAgainAndSaysWhenItAnswers() {
        test::FakeClock clock;
        int opened = 0;
        KeychainWatch watch(m_logins, [&opened] { ++opened; });
        watch.tick(clock.steady());
        QVERIFY(m_keychain->asked.empty());
        m_keychain->trouble = State::Locked;
        (void)ask("Office");
        m_keychain->asked.clear();
        QList<int> askedAt;
        for (int second = 0; second <= 200; ++second) {
            const size_t before = m_keychain->asked.size();
            watch.tick(clock.steady());
            if (m_keychain->asked.size() > before)
                askedAt.append(second);
            clock.advance(Seconds(1));
        }
        QCOMPARE(askedAt, (QList<int>{5, 15, 35, 75, 135, 195}));
        QCOMPARE(opened, 0);
        QVERIFY(watch.trouble().contains("locked"));
        m_keychain->trouble = State::Done;
        clock.advance(Seconds(60));
        watch.tick(clock.steady()); // asks
        watch.tick(clock.steady());
        watch.tick(clock.steady());
        QCOMPARE(opened, 1);
        QCOMPARE(watch.trouble(), QByteArray());
    }
};

QTEST_APPLESS_MAIN(TestKeychainLogins)
#include "tst_keychain_logins.moc"
