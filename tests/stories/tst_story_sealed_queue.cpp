// SPDX-License-Identifier: GPL-3.0-or-later
//
// An encrypted, compressed queue as its owner meets it: mail goes in, the gateway is killed, nothing on the disk can be
// read, a wrong key is told in a sentence, the right one (from the file or standard input) brings everything out unchanged
// (threats X05, Q17).
#include "stories/support/gateway_process.h"
#include "stories/support/mail_sink.h"
#include "stories/support/smtp_sender.h"
#include "support/places.h"

#include <QDirIterator>
#include <QTest>

#include <algorithm>

using namespace Qt::StringLiterals;
using namespace postern::test;

namespace {

const QByteArray kKey("0123456789abcdef0123456789abcdef");

QByteArray message(qsizetype size) {
    QByteArray bytes = "Subject: subjectsecret\r\nDate: Thu, 19 Nov 2026 14:32:00 +0000\r\nMessage-ID: <1@office.example>\r\n\r\n";
    for (quint64 x = 88172645463325252ULL; bytes.size() < size;) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        bytes += QByteArray(reinterpret_cast<const char*>(&x), 6).toBase64() + " bodysecret\r\n";
    }
    return bytes;
}

// The first private word in any file of the queue; the log beside it names people, as logs do.
QByteArray wordOnDisk(const QString& folder) {
    QDirIterator files(folder, QDir::Files, QDirIterator::Subdirectories);
    while (files.hasNext()) {
        QFile file(files.next());
        if (file.fileName().startsWith(folder + u"/logs/"_s) || !file.open(QIODevice::ReadOnly))
            continue;
        const QByteArray bytes = file.readAll();
        for (const char* word : {"secret", "ann@", "bob@"})
            if (bytes.contains(word))
                return word + QByteArray(" in ") + file.fileName().toUtf8();
    }
    return {};
}

} // namespace

class StorySealedQueue : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void X05_onlyTheKeyOpensTheQueue() {
        MailSink sink;
        sink.setDown(true);
        const QByteArray rest = "listen on 127.0.0.1 port 0\naction \"out\" relay host smtp://127.0.0.1:" +
                                QByteArray::number(sink.port()) + "\nmatch from any for any action \"out\"\n";
        const QByteArray sealed = "queue compression\nqueue encryption \"" + kKey + "\"\n" + rest;
        GatewayProcess gateway(sealed);
        STORY_VERIFY(gateway.start(), gateway.log());
        const QList<qsizetype> sizes{500, 90'000, 3'000'000};
        {
            SmtpSender sender(gateway.port());
            sender.command("EHLO helosecret.example");
            for (const qsizetype size : sizes)
                QVERIFY(sender.send("ann@secret.example", {"bob@secret.example"}, message(size)).startsWith("250"));
        }
        QVERIFY(gateway.waitQueue(3));
        gateway.kill();
        QCOMPARE(wordOnDisk(gateway.path(u"state"_s)), QByteArray());

        // A stopped queue opens with the configuration's key, and only with it.
        const Ran listed = gateway.ctl({u"queue"_s, u"list"_s, u"--json"_s});
        QCOMPARE(listed.json().toArray().size(), 3);
        QCOMPARE(listed.json().toArray().first()["sender"_L1].toString(), u"ann@secret.example"_s);
        gateway.setConfig("queue encryption \"another key another key another \"\n" + rest);
        const Ran wrong = gateway.ctl({u"queue"_s, u"list"_s});
        QCOMPARE(wrong.exit, 1);
        STORY_VERIFY(wrong.err.contains("encrypted with another key"), wrong.err);
        QVERIFY(!gateway.start());
        STORY_VERIFY(gateway.log().contains("encrypted with another key"), gateway.log());
        gateway.setConfig(rest);
        QVERIFY(!gateway.start());
        STORY_VERIFY(gateway.log().contains("has no key for it"), gateway.log());
        STORY_VERIFY(!gateway.log().contains(kKey), gateway.log());

        // The key from standard input.
        gateway.setConfig("queue encryption stdin\n" + rest);
        const QStringList list{u"--state"_s, gateway.path(u"state"_s), u"-f"_s, gateway.path(u"smtpd.conf"_s), u"queue"_s,
                               u"list"_s, u"--json"_s};
        const QString program = QStringLiteral(POSTERN_BIN_DIR "/posternctl");
        QCOMPARE(run(program, list, kKey + "\n").json().toArray().size(), 3);
        const Ran nothing = run(program, list, "");
        QCOMPARE(nothing.exit, 1);
        STORY_VERIFY(nothing.err.contains("no key came on standard input"), nothing.err);

        gateway.setConfig(sealed);
        sink.setDown(false);
        STORY_VERIFY(gateway.start(), gateway.log());
        QCOMPARE(gateway.ctl({u"queue"_s, u"retry"_s}).exit, 0);
        QVERIFY(sink.waitFor(3));
        QVERIFY(gateway.waitQueue(0));
        QList<qsizetype> arrived;
        for (const SunkMail& mail : sink.mails())
            for (const qsizetype size : sizes)
                if (mail.content.endsWith(message(size)) && mail.from == "ann@secret.example")
                    arrived.append(size);
        std::sort(arrived.begin(), arrived.end());
        QCOMPARE(arrived, sizes);

        // Other settings in a reload: told, and followed at the next start.
        gateway.setConfig(rest);
        QCOMPARE(gateway.ctl({u"reload"_s}).exit, 0);
        STORY_VERIFY(gateway.log().contains("takes effect at the next start"), gateway.log());
        QCOMPARE(gateway.stop(), 0);
        STORY_VERIFY(gateway.start(), gateway.log()); // nothing encrypted is left, so no key is needed
        QCOMPARE(gateway.stop(), 0);
    }
};

QTEST_GUILESS_MAIN(StorySealedQueue)
#include "tst_story_sealed_queue.moc"
