// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/queue_seal.h"
#include "support/fake_keychain.h"

#include <QTest>

using namespace postern;
using namespace postern::engine;
using keychain::State;

namespace {

const QByteArray kName("Postern/home/ann/queue/key");
const QByteArray kKey("0123456789abcdef0123456789abcdef");

policy::Settings settings(policy::QueueKey from) {
    policy::Settings settings;
    settings.queueKey = from;
    settings.origins[config::Setting::QueueEncryption] = {"/etc/postern/smtpd.conf", 7, 1, 0, 5};
    return settings;
}

} // namespace

class TestQueueSeal : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void X03_withoutTheKeyThereIsNoSeal_data();
    void X03_withoutTheKeyThereIsNoSeal();
    void theKeyOfTheKeychainSeals();
    void otherSourcesDoNotAskTheKeychain();
};

void TestQueueSeal::X03_withoutTheKeyThereIsNoSeal_data() {
    QTest::addColumn<int>("state");
    QTest::addColumn<bool>("waits");
    QTest::addColumn<QByteArray>("says");
    QTest::newRow("no keychain service: waits") << int(State::NoService) << true << QByteArray("no keychain answers");
    QTest::newRow("locked: waits") << int(State::Locked) << true << QByteArray("is locked");
    QTest::newRow("too slow: waits") << int(State::TooSlow) << true << QByteArray("did not answer in time");
    QTest::newRow("no such entry: refused") << int(State::NotFound) << false << QByteArray("keychain set --queue-key");
    QTest::newRow("denied: refused") << int(State::Denied) << false << QByteArray("allow Postern");
    QTest::newRow("built without: refused") << int(State::NotBuilt) << false << QByteArray("built without");
    QTest::newRow("anything else: refused") << int(State::Failed) << false << QByteArray("said the bus");
}

void TestQueueSeal::X03_withoutTheKeyThereIsNoSeal() {
    QFETCH(int, state);
    QFETCH(bool, waits);
    QFETCH(QByteArray, says);
    const auto keychain = std::make_shared<test::FakeKeychain>();
    keychain->trouble = State(state);
    const auto seal = queueSeal(settings(policy::QueueKey::Keychain), {{}, keychain, kName});
    QVERIFY(!seal); // never a plain queue instead
    QCOMPARE(waitsForKeychain(seal.error()), waits);
    QVERIFY2(seal.error().text.startsWith("/etc/postern/smtpd.conf:7: "), seal.error().text.constData());
    QVERIFY2(seal.error().text.contains(says), seal.error().text.constData());
    QVERIFY(keychain->entries.empty()); // and no key is made
    QCOMPARE(keychainTrouble(settings(policy::QueueKey::Keychain), {{}, keychain, kName}), seal.error().text);
}

void TestQueueSeal::theKeyOfTheKeychainSeals() {
    const auto keychain = std::make_shared<test::FakeKeychain>();
    keychain->entries[kName] = kKey;
    const auto seal = queueSeal(settings(policy::QueueKey::Keychain), {{}, keychain, kName});
    QVERIFY(seal);
    QVERIFY((*seal)->key());
    QCOMPARE((*seal)->key()->id(), (*queue::QueueKey::from(Secret(kKey)))->id());
    QCOMPARE(keychainTrouble(settings(policy::QueueKey::Keychain), {{}, keychain, kName}), QByteArray());

    keychain->entries[kName] = "too short";
    const auto refused = queueSeal(settings(policy::QueueKey::Keychain), {{}, keychain, kName});
    QVERIFY(!refused && !waitsForKeychain(refused.error()));
    QVERIFY(refused.error().text.contains("exactly 32 characters") && !refused.error().text.contains("too short"));
}

void TestQueueSeal::otherSourcesDoNotAskTheKeychain() {
    const auto keychain = std::make_shared<test::FakeKeychain>();
    keychain->trouble = State::Locked;
    policy::Settings written = settings(policy::QueueKey::Written);
    written.queueKeyText = Secret(kKey);
    QVERIFY(queueSeal(written, {{}, keychain, kName}));
    QVERIFY(queueSeal(settings(policy::QueueKey::None), {{}, keychain, kName}));
    QVERIFY(keychain->asked.empty());
    const auto nobody = queueSeal(settings(policy::QueueKey::Terminal), {{}, keychain, kName});
    QVERIFY(!nobody && !waitsForKeychain(nobody.error()));
}

QTEST_APPLESS_MAIN(TestQueueSeal)
#include "tst_queue_seal.moc"
