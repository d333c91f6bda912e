// SPDX-License-Identifier: GPL-3.0-or-later
//
// Secrets in a real keychain (GNOME Keyring on a bus of its own): the key of an encrypted queue and a relay's login, and
// what comes of a keychain that is not there, locked, without the entry, or whose bus goes away (threats X02, X03, B09).
#include "stories/support/gateway_process.h"
#include "stories/support/keychain_session.h"
#include "stories/support/mail_sink.h"
#include "stories/support/postfix_peer.h"
#include "stories/support/smtp_sender.h"
#include "support/test_certs.h"
#include "support/places.h"

#include <QDirIterator>
#include <QFileInfo>
#include <QTest>

#include <csignal>

using namespace Qt::StringLiterals;
using namespace postern::test;

namespace {

const QByteArray kMail("Subject: subjectsecret\r\nDate: Thu, 19 Nov 2026 14:32:00 +0000\r\nMessage-ID: <1@office.example>\r\n\r\n"
                       "bodysecret\r\n");

QByteArray routeTo(quint16 port) {
    return "listen on 127.0.0.1 port 0\naction \"out\" relay host smtp://127.0.0.1:" + QByteArray::number(port) +
           "\nmatch from any for any action \"out\"\n";
}

// The first file below the folder that holds one of the words; but for a folder of logs, which may name mail.
QString fileWith(const QString& folder, const QByteArrayList& words, const QString& without = u"no folder"_s) {
    QDirIterator files(folder, QDir::Files | QDir::Hidden, QDirIterator::Subdirectories);
    while (files.hasNext()) {
        QFile file(files.next());
        if (file.fileName().startsWith(without) || !file.open(QIODevice::ReadOnly))
            continue;
        const QByteArray bytes = file.readAll();
        for (const QByteArray& word : words)
            if (bytes.contains(word))
                return file.fileName();
    }
    return {};
}

// `keychain VERB ...` on the gateway's queue and configuration, with a line of input.
Ran keychainCommand(const GatewayProcess& gateway, const QStringList& words, const QByteArray& input = {}) {
    return run(QStringLiteral(POSTERN_BIN_DIR "/posternctl"),
               QStringList{u"keychain"_s, u"--state"_s, gateway.path(u"state"_s), u"-f"_s, gateway.path(u"smtpd.conf"_s)} + words, input);
}

bool waitsInTheLog(const GatewayProcess& gateway, const QByteArray& words) {
    return QTest::qWaitFor([&] { return gateway.log().contains(words); }, 20'000);
}

} // namespace

class StoryKeychain : public QObject {
    Q_OBJECT

    std::unique_ptr<KeychainSession> m_session;

  private Q_SLOTS:
    void init() {
        m_session = std::make_unique<KeychainSession>();
        const QByteArray trouble = m_session->startBus();
        QVERIFY2(trouble.isEmpty(), trouble.constData());
    }
    void cleanup() { m_session.reset(); }

    // No keychain: the gateway waits, says why, takes nothing in, and goes on by itself when there is one.
    void X03_withoutAServiceTheQueueWaitsAndIsNeverPlain() {
        MailSink sink;
        GatewayProcess gateway("queue encryption keychain\n" + routeTo(sink.port()));
        QVERIFY(!gateway.start(1)); // not within a second, nor before there is a key
        STORY_VERIFY(waitsInTheLog(gateway, "waiting for the keychain"), gateway.log());
        STORY_VERIFY(gateway.log().contains("smtpd.conf:1: ") && gateway.log().contains("no keychain answers"), gateway.log());
        QVERIFY(gateway.isRunning());
        QVERIFY(!QFileInfo::exists(gateway.path(u"state/queue.db"_s)));
        const Ran status = gateway.ctl({u"status"_s});
        QCOMPARE(status.exit, 1);
        STORY_VERIFY(status.err.contains("no keychain answers"), status.err);
        const Ran set = keychainCommand(gateway, {u"set"_s, u"--queue-key"_s, u"--random"_s});
        QCOMPARE(set.exit, 1);
        STORY_VERIFY(set.err.contains("no keychain answers"), set.err);

        const QByteArray trouble = m_session->startKeyring();
        QVERIFY2(trouble.isEmpty(), trouble.constData());
        QCOMPARE(keychainCommand(gateway, {u"set"_s, u"--queue-key"_s, u"--random"_s}).exit, 0);
        STORY_VERIFY(waitsInTheLog(gateway, "listening on"), gateway.log()); // it asked again
        QCOMPARE(gateway.stop(), 0);
    }

    void X03_whatWaitsForTheKeychainCanBeStopped() {
        GatewayProcess gateway("queue encryption keychain\n" + routeTo(25));
        QVERIFY(!gateway.start(1));
        STORY_VERIFY(waitsInTheLog(gateway, "waiting for the keychain"), gateway.log());
        QCOMPARE(gateway.stop(), 0);
        // The line goes, a SIGHUP says so: it need not wait any more.
        QVERIFY(!gateway.start(1));
        QVERIFY(QTest::qWaitFor([&] { return gateway.log().count("waiting for the keychain") == 2; }, 20'000));
        gateway.setConfig(routeTo(25));
        QCOMPARE(::kill(pid_t(gateway.pid()), SIGHUP), 0);
        STORY_VERIFY(waitsInTheLog(gateway, "listening on"), gateway.log());
        QCOMPARE(gateway.stop(), 0);
    }

    // The keychain is open and has no key: refused at once, and none is made.
    void X03_aMissingKeyIsRefusedAndNoneIsMade() {
        const QByteArray trouble = m_session->startKeyring();
        QVERIFY2(trouble.isEmpty(), trouble.constData());
        GatewayProcess gateway("queue encryption keychain\n" + routeTo(25));
        QVERIFY(!gateway.start());
        QVERIFY(gateway.waitGone(20));
        QCOMPARE(gateway.exitStatus(), 1);
        STORY_VERIFY(gateway.log().contains("no such entry") && gateway.log().contains("keychain set --queue-key"), gateway.log());
        const Ran listed = keychainCommand(gateway, {u"list"_s, u"--json"_s});
        QCOMPARE(listed.exit, 1);
        QCOMPARE(listed.json()[0]["kind"_L1].toString(), u"queue-key"_s);
        QCOMPARE(listed.json()[0]["there"_L1].toBool(true), false);
    }

    void X03_theQueuesKeyOutlivesARestart() {
        const QByteArray trouble = m_session->startKeyring();
        QVERIFY2(trouble.isEmpty(), trouble.constData());
        MailSink sink;
        sink.setDown(true);
        GatewayProcess gateway("queue encryption keychain\n" + routeTo(sink.port()));
        const Ran made = keychainCommand(gateway, {u"set"_s, u"--queue-key"_s, u"--random"_s});
        STORY_VERIFY(made.exit == 0, made.err);
        const Ran again = keychainCommand(gateway, {u"set"_s, u"--queue-key"_s, u"--random"_s});
        QCOMPARE(again.exit, 1); // never over one that is there
        STORY_VERIFY(gateway.start(), gateway.log());
        SmtpSender sender(gateway.port());
        sender.command("EHLO helosecret.example");
        QVERIFY(sender.send("ann@secret.example", {"bob@secret.example"}, kMail).startsWith("250"));
        QVERIFY(gateway.waitQueue(1));
        gateway.kill();
        QCOMPARE(fileWith(gateway.path(u"state"_s), {"bodysecret", "subjectsecret"}, gateway.path(u"state/logs/"_s)), QString());

        // Locked: nothing opens the queue, no key takes the place of that one, and the start waits.
        QVERIFY(m_session->lock());
        const Ran closed = gateway.ctl({u"queue"_s, u"list"_s});
        QCOMPARE(closed.exit, 1);
        STORY_VERIFY(closed.err.contains("the keychain is locked"), closed.err);
        STORY_VERIFY(keychainCommand(gateway, {u"set"_s, u"--queue-key"_s, u"--random"_s}).err.contains("locked"), "another key");
        const Ran forgotten = keychainCommand(gateway, {u"forget"_s, u"--queue-key"_s});
        QCOMPARE(forgotten.exit, 1);
        STORY_VERIFY(forgotten.err.contains("encrypted mail"), forgotten.err);
        QVERIFY(!gateway.start(1));
        STORY_VERIFY(waitsInTheLog(gateway, "the keychain is locked"), gateway.log());
        const QByteArray closedStill = m_session->unlock();
        QVERIFY2(closedStill.isEmpty(), closedStill.constData());
        sink.setDown(false);
        STORY_VERIFY(QTest::qWaitFor([&] { return gateway.ctl({u"status"_s}).exit == 0; }, 30'000), gateway.log());
        QCOMPARE(gateway.queue().size(), 1);
        QCOMPARE(gateway.ctl({u"queue"_s, u"retry"_s, u"--all"_s}).exit, 0);
        QVERIFY(sink.waitFor(1));
        QVERIFY(sink.mails().first().content.endsWith("bodysecret\r\n"));
        QVERIFY(gateway.waitQueue(0));
        QCOMPARE(gateway.stop(), 0);
        STORY_VERIFY(keychainCommand(gateway, {u"forget"_s, u"--queue-key"_s}).exit == 0, "the key of an empty queue stays");
    }

    // The same of the window's own gateway, which nobody has to start again.
    void X03_theWindowsGatewayGoesOnWhenTheKeychainIsOpen() {
        const QByteArray trouble = m_session->startKeyring();
        QVERIFY2(trouble.isEmpty(), trouble.constData());
        GatewayProcess gateway("queue encryption keychain\n" + routeTo(25), u"queue"_s);
        const Ran made = gateway.ctl({u"keychain"_s, u"set"_s, u"--queue-key"_s, u"--random"_s});
        STORY_VERIFY(made.exit == 0, made.err);
        QVERIFY(m_session->lock());
        QVERIFY(!gateway.startWindow({}, 2));
        STORY_VERIFY(waitsInTheLog(gateway, "the keychain is locked"), gateway.log());
        QVERIFY(gateway.isRunning());
        const QByteArray closedStill = m_session->unlock();
        QVERIFY2(closedStill.isEmpty(), closedStill.constData());
        STORY_VERIFY(QTest::qWaitFor([&] { return gateway.ctl({u"status"_s}).exit == 0; }, 30'000), gateway.log());
        QCOMPARE(gateway.stop(), 0);
    }

    // A relay's login by its label, at a real Postfix that wants it; and mail waits, and says why, until the login can be had.
    void X03_aRelaySignsInWithALabelOfTheKeychain() {
        const QByteArray trouble = m_session->startKeyring();
        QVERIFY2(trouble.isEmpty(), trouble.constData());
        TestCerts certs;
        const CertificateFiles cert = certs.server("localhost");
        PostfixPeer peer;
        STORY_VERIFY(peer.start({u"--tls"_s, QString::fromLatin1(cert.certFile), QString::fromLatin1(cert.keyFile), u"--auth"_s,
                                 u"carol"_s, u"s3cretcanary"_s}), peer.log());
        GatewayProcess gateway("ca test cert \"" + certs.caFile() + "\"\n"
                               "table secrets keychain\n"
                               "listen on 127.0.0.1 port 0\n"
                               "action \"provider\" relay host smtp+tls://Office@localhost:" + QByteArray::number(peer.port()) +
                               " auth <secrets> ca test\nmatch from any for any action \"provider\"\n");
        // B09: a label that only differs in upper and lower case is another one.
        STORY_VERIFY(keychainCommand(gateway, {u"set"_s, u"office"_s}, "eve:wr0ngcanary\n").exit == 0, "a login is not taken");
        STORY_VERIFY(gateway.start(), gateway.log());
        const auto send = [&gateway] {
            SmtpSender sender(gateway.port());
            return sender.command("EHLO scanner.example").startsWith("250") &&
                   sender.send("scan@office.example", {"c@far.example"}, "X-First: yes\r\n\r\nhello\r\n").startsWith("250");
        };
        const auto reason = [&gateway] { return gateway.queue().at(0)["lastError"_L1].toString(); };
        QVERIFY(send());
        STORY_TRY(reason().contains(u"no entry for label \"Office\""_s), reason().toUtf8() + gateway.log(), 30'000);

        const Ran set = keychainCommand(gateway, {u"set"_s, u"Office"_s}, "carol:s3cretcanary\n");
        STORY_VERIFY(set.exit == 0, set.err);
        QCOMPARE(gateway.ctl({u"queue"_s, u"retry"_s, u"--all"_s}).exit, 0);
        STORY_VERIFY(peer.waitFor(1), gateway.log() + peer.log().right(4000));
        QVERIFY(gateway.waitQueue(0));
        STORY_VERIFY(peer.log().contains("sasl_username=carol"), "nobody signed in");

        // Locked, then the whole session's bus goes: the gateway lives, the mail waits and goes by itself when it is there again.
        QVERIFY(m_session->lock());
        STORY_VERIFY(gateway.ctl({u"reload"_s}).exit == 0, gateway.log());
        QVERIFY(send());
        STORY_TRY(reason().contains(u"the keychain is locked"_s), reason().toUtf8() + gateway.log(), 60'000);
        const Ran status = gateway.ctl({u"status"_s, u"--json"_s});
        STORY_VERIFY(status.out.contains("Logins of relays cannot be had from the keychain"), status.out);
        m_session->stopKeyring();
        m_session->stopBus();
        const Ran gone = run(QStringLiteral(POSTERN_BIN_DIR "/posternctl"),
                             {u"table"_s, u"test"_s, u"-f"_s, gateway.path(u"smtpd.conf"_s), u"--state"_s, gateway.path(u"state"_s)});
        QCOMPARE(gone.exit, 1);
        STORY_VERIFY(gone.err.contains("no keychain answers"), gone.err);
        QVERIFY(gateway.isRunning());
        const QByteArray bus = m_session->startBus();
        QVERIFY2(bus.isEmpty(), bus.constData());
        const QByteArray keyring = m_session->startKeyring();
        QVERIFY2(keyring.isEmpty(), keyring.constData());
        STORY_VERIFY(peer.waitFor(2, 90), gateway.log() + peer.log().right(4000));
        QVERIFY(gateway.waitQueue(0));
        STORY_VERIFY(gateway.log().contains("the keychain answers again"), gateway.log());

        // X02, X01: the secret is in no file of the gateway's, and nothing that was said holds it.
        QCOMPARE(fileWith(gateway.folder(), {"s3cretcanary", "wr0ngcanary"}), QString());
        for (const QStringList& words : {QStringList{u"table"_s, u"list"_s, u"secrets"_s}, {u"table"_s, u"test"_s},
                                         {u"table"_s, u"lookup"_s, u"secrets"_s, u"credentials"_s, u"Office"_s}, {u"keychain"_s, u"list"_s}}) {
            const Ran ran = run(QStringLiteral(POSTERN_BIN_DIR "/posternctl"),
                                words + QStringList{u"-f"_s, gateway.path(u"smtpd.conf"_s), u"--state"_s, gateway.path(u"state"_s)});
            STORY_VERIFY(ran.exit == 0 && !ran.out.isEmpty(), ran.err);
            QVERIFY(!(ran.out + ran.err).contains("canary"));
        }
        QCOMPARE(gateway.stop(), 0);
    }

    void wrongUseIsToldWithoutTouchingAnything() {
        const QByteArray trouble = m_session->startKeyring();
        QVERIFY2(trouble.isEmpty(), trouble.constData());
        GatewayProcess gateway("table secrets keychain\nmatch for any reject\n");
        QCOMPARE(keychainCommand(gateway, {u"set"_s, u"office"_s, u"carol:s3cret"_s}).exit, 2); // a password in the command line
        QCOMPARE(keychainCommand(gateway, {u"set"_s, u"office"_s, u"--random"_s}).exit, 2);
        QCOMPARE(keychainCommand(gateway, {u"sett"_s, u"office"_s}).exit, 2);
        QCOMPARE(keychainCommand(gateway, {u"set"_s, u"office"_s}, "").exit, 1);
        QCOMPARE(keychainCommand(gateway, {u"set"_s, u"office"_s}, ":s3cret\n").exit, 1);
        QCOMPARE(keychainCommand(gateway, {u"set"_s, u"office"_s}, "carol:" + QByteArray(2001, 'x') + '\n').exit, 1);
        QCOMPARE(keychainCommand(gateway, {u"set"_s, u"office"_s}, "carol:p\xe4ss\n").exit, 1);
        QCOMPARE(keychainCommand(gateway, {u"set"_s, u"--queue-key"_s}, "too short\n").exit, 1);
        QCOMPARE(keychainCommand(gateway, {u"forget"_s, u"office"_s}).exit, 1);
        const Ran listed = keychainCommand(gateway, {u"list"_s, u"--json"_s});
        QCOMPARE(listed.out.trimmed(), "[]"_ba);
        QCOMPARE(keychainCommand(gateway, {u"set"_s, u"office"_s}, "carol:p\xc3\xa4ss:w\xc3\xb6rd\n").exit, 0);
        const Ran found = run(QStringLiteral(POSTERN_BIN_DIR "/posternctl"),
                              {u"table"_s, u"lookup"_s, u"-f"_s, gateway.path(u"smtpd.conf"_s), u"--state"_s, gateway.path(u"state"_s),
                               u"secrets"_s, u"credentials"_s, u"office"_s});
        QCOMPARE(found.out, "carol:(hidden)\n"_ba);
        QCOMPARE(keychainCommand(gateway, {u"forget"_s, u"office"_s}).exit, 0);
        QCOMPARE(keychainCommand(gateway, {u"list"_s, u"--json"_s}).out.trimmed(), "[]"_ba);
    }
};

QTEST_GUILESS_MAIN(StoryKeychain)
#include "tst_story_keychain.moc"
