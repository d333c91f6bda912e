// SPDX-License-Identifier: GPL-3.0-or-later
//
// The gateway's side of the keychain, with small shell programs in place of postern-keychain: what comes of one that
// answers, one that hangs, one that breaks off, and one that is not there (threat X03).
#include "keychain/keychain_program.h"

#include <QFile>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include <mutex>
#include <vector>

using namespace postern;
using namespace postern::keychain;
using namespace Qt::StringLiterals;

class TestKeychainProgram : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;
    int m_programs = 0;

    QByteArray program(const QByteArray& commands) {
        QFile file(m_folder.filePath(u"program%1"_s.arg(++m_programs)));
        if (!file.open(QIODevice::WriteOnly))
            qFatal("cannot write %s", qPrintable(file.fileName()));
        file.write("#!/bin/sh\n" + commands);
        file.close();
        file.setPermissions(QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
        return QFile::encodeName(file.fileName());
    }
    QByteArray path(const QString& name) const { return QFile::encodeName(m_folder.filePath(name)); }

  private Q_SLOTS:
    void hearsTheAnswer() {
        KeychainProgram keychain(program("cat > " + path(u"heard"_s) + "\nprintf 'done  6\\ns3cret'\n"));
        const Answer answer = askNow(keychain, {Verb::Read, "office"});
        QCOMPARE(int(answer.state), int(State::Done));
        QCOMPARE(answer.value.expose(), QByteArrayView("s3cret"));
        QFile heard(m_folder.filePath(u"heard"_s));
        QVERIFY(heard.open(QIODevice::ReadOnly));
        QCOMPARE(heard.readAll(), QByteArray("read " + QByteArray("office").toHex() + " 0\n"));
    }

    // X06: neither the name nor the secret is in the process's arguments or environment.
    void X06_theSecretIsInNoArgumentAndNoEnvironment() {
        KeychainProgram keychain(program("tr '\\0' '\\n' < /proc/$$/cmdline > " + path(u"seen"_s) + "\nenv >> " + path(u"seen"_s) +
                                         "\ncat > /dev/null\nprintf 'done  0\\n'\n"));
        QCOMPARE(int(askNow(keychain, {Verb::Write, "office", Secret(QByteArray("carol:s3cret"))}).state), int(State::Done));
        QFile seen(m_folder.filePath(u"seen"_s));
        QVERIFY(seen.open(QIODevice::ReadOnly));
        const QByteArray all = seen.readAll();
        QVERIFY(all.contains("PATH="));
        QVERIFY(!all.contains("s3cret") && !all.contains("carol"));
    }

    void X03_whatDoesNotAnswerProperlyIsToldApart_data() {
        QTest::addColumn<QByteArray>("commands");
        QTest::addColumn<int>("state");
        QTest::newRow("one that dies at once") << QByteArray("exit 1\n") << int(State::Failed);
        QTest::newRow("one that dies in the middle of a secret") << QByteArray("printf 'done  6\\ns3c'\n") << int(State::Failed);
        QTest::newRow("one that talks of other things") << QByteArray("echo hello\n") << int(State::Failed);
        QTest::newRow("one that talks without end") << QByteArray("yes\n") << int(State::Failed);
        QTest::newRow("one that waits for a person for ever") << QByteArray("exec sleep 600\n") << int(State::TooSlow);
        QTest::newRow("one that says: locked") << QByteArray("printf 'locked  0\\n'\n") << int(State::Locked);
        QTest::newRow("one that has answered and does not end") << QByteArray("printf 'not-found  0\\n'\nexec sleep 600\n")
                                                                << int(State::NotFound);
        QTest::newRow("one that leaves something behind with its output")
            << QByteArray("sleep 600 &\necho $! > \"$0.left\"\nprintf 'denied  0\\n'\n") << int(State::Denied);
    }

    void X03_whatDoesNotAnswerProperlyIsToldApart() {
        QFETCH(QByteArray, commands);
        QFETCH(int, state);
        const QByteArray name = program(commands);
        // The short deadline only for the one that needs it, so that a slow machine fails none of the others.
        KeychainProgram keychain(name, state == int(State::TooSlow) ? Milliseconds(300) : KeychainProgram::kDeadline);
        const Answer answer = askNow(keychain, {Verb::Read, "office"});
        QCOMPARE(int(answer.state), state);
        QVERIFY(answer.value.isEmpty());
        if (QFile left(QFile::decodeName(name + ".left")); left.open(QIODevice::ReadOnly))
            QCOMPARE(QProcess::execute(u"kill"_s, {QString::fromLatin1(left.readAll().trimmed())}), 0);
    }

    void X03_aMissingProgramIsNamed() {
        KeychainProgram keychain("/nowhere/postern-keychain");
        const Answer answer = askNow(keychain, {Verb::Read, "office"});
        QCOMPARE(int(answer.state), int(State::Failed));
        QVERIFY2(answer.detail.contains("/nowhere/postern-keychain"), answer.detail.constData());
    }

    // ask() does not block, whatever hangs; there is a limit; and the end does not wait for those that hang.
    void X03_questionsNeitherBlockNorPileUp() {
        const QByteArray hanging = program("exec sleep 600\n");
        std::mutex mutex;
        std::vector<QByteArray> answers;
        constexpr int kAsked = KeychainProgram::kMostWaiting + 10;
        {
            KeychainProgram keychain(hanging, Milliseconds(3'600'000));
            for (int i = 0; i < kAsked; ++i)
                keychain.ask({Verb::Read, "office"}, [&](Answer answer) {
                    const std::lock_guard lock(mutex);
                    answers.push_back(answer.detail);
                });
            const std::lock_guard lock(mutex);
            QCOMPARE(answers.size(), size_t(10));
            QCOMPARE(answers.front(), "too many questions at a time");
        }
        QCOMPARE(answers.size(), size_t(kAsked)); // each exactly once
        QCOMPARE(answers.back(), "Postern is stopping");
    }

    void whatHasNoGoodFormIsNotAsked() {
        KeychainProgram keychain(program("touch " + path(u"asked"_s) + "\nprintf 'done  0\\n'\n"));
        QCOMPARE(int(askNow(keychain, {Verb::Write, "office", Secret(QByteArray("p\xe4ss"))}).state), int(State::Failed));
        QVERIFY(!QFile::exists(m_folder.filePath(u"asked"_s)));
    }
};

QTEST_GUILESS_MAIN(TestKeychainProgram)
#include "tst_keychain_program.moc"
