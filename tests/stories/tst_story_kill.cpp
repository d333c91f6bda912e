// SPDX-License-Identifier: GPL-3.0-or-later
//
// Killed at random moments under load, again and again: every message that was answered 250 comes out, none is torn, and a
// kill costs a message at most one more copy: those whose 250 from the next hop had not been committed when the lights went
// out, at most one a relay connection. So within one life of the gateway no message goes out twice (threats Q01, X05).
// POSTERN_KILL_ROUNDS sets the number of kills: `./dev kill` asks for a thousand.
#include "stories/support/gateway_process.h"
#include "stories/support/mail_sink.h"
#include "stories/support/smtp_sender.h"

#include <QElapsedTimer>
#include <QHash>
#include <QRandomGenerator>
#include <QSet>
#include <QTest>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

using namespace Qt::StringLiterals;
using namespace postern::test;

namespace {

constexpr int kRounds = 50;
constexpr int kClients = 6;
constexpr int kLivesBetweenRests = 10; // more is accepted in a short life than sent on: without rests the queue only grows

QByteArray message(const QByteArray& id, int size) {
    QByteArray body = "X-Id: " + id + "\r\nSubject: t\r\nDate: Thu, 19 Nov 2026 14:32:00 +0000\r\nMessage-ID: <1@office.example>\r\n\r\n";
    while (body.size() < size)
        body += "line of " + id + " which ends in its own name " + id + "\r\n";
    return body + "end of " + id + "\r\n";
}

QByteArray idOf(const QByteArray& content) {
    const qsizetype at = content.indexOf("X-Id: ") + 6;
    return content.mid(at, content.indexOf("\r\n", at) - at);
}

} // namespace

class StoryKill : public QObject {
    Q_OBJECT

    // A connection that broke may have put a message off for minutes: whatever is left is asked for again.
    static bool sendsWhatItHas(const GatewayProcess& gateway) {
        for (int asked = 0; !gateway.waitQueue(0, {}, 3); ++asked)
            if (asked >= 40 || gateway.ctl({u"queue"_s, u"retry"_s, u"--all"_s}).exit != 0)
                return false;
        return true;
    }

  private Q_SLOTS:
    void nothingAcknowledgedIsLost_data() {
        QTest::addColumn<QByteArray>("form");
        QTest::addRow("kept as it comes") << QByteArray();
        QTest::addRow("compressed and encrypted")
            << QByteArray("queue compression\nqueue encryption \"0123456789abcdef0123456789abcdef\"\n");
    }

    void nothingAcknowledgedIsLost() {
        QFETCH(QByteArray, form);
        const int rounds = qEnvironmentVariableIntValue("POSTERN_KILL_ROUNDS") > 0
                               ? qEnvironmentVariableIntValue("POSTERN_KILL_ROUNDS") : kRounds;
        MailSink sink;
        GatewayProcess gateway(form + "listen on 127.0.0.1 port 0\naction \"out\" relay host smtp://127.0.0.1:" +
                               QByteArray::number(sink.port()) + "\nmatch from any for any action \"out\"\n");
        QHash<QByteArray, int> acknowledged; // id -> size
        std::mutex mutex;
        QRandomGenerator random(20261119);
        QList<int> lives; // each begins with this connection to the sink
        for (int round = 0; round < rounds; ++round) {
            lives.append(sink.connections());
            STORY_VERIFY(gateway.start(), gateway.log());
            if (round % kLivesBetweenRests == kLivesBetweenRests - 1)
                STORY_VERIFY(sendsWhatItHas(gateway), "still there: " + gateway.ctl({u"queue"_s, u"list"_s}).out.left(2000));
            std::atomic<bool> over = false;
            std::vector<std::thread> clients;
            for (int c = 0; c < kClients; ++c) {
                const quint32 seed = random.generate();
                clients.emplace_back([&, c, seed, port = gateway.port()] {
                    QRandomGenerator own(seed);
                    for (int n = 0; !over; ++n) {
                        SmtpSender sender(port, &over);
                        if (!sender.isOpen())
                            return; // it was there when this life began, so now it is dead
                        if (!sender.command("EHLO load.example").startsWith("250"))
                            continue;
                        for (int k = 0; k < 5 && !over; ++k) {
                            const QByteArray id = "r" + QByteArray::number(round) + "c" + QByteArray::number(c) + "n" +
                                                  QByteArray::number(n) + "k" + QByteArray::number(k);
                            const int size = QList<int>{100, 3000, 90'000}[own.bounded(3)];
                            if (!sender.send("a@b.example", {"c@d.example"}, message(id, size)).startsWith("250"))
                                break;
                            const std::lock_guard lock(mutex);
                            acknowledged.insert(id, size);
                        }
                    }
                });
            }
            // The random moment: some milliseconds into the load.
            QElapsedTimer timer;
            timer.start();
            const int until = 20 + random.bounded(180);
            while (timer.elapsed() < until)
                std::this_thread::yield();
            gateway.kill();
            over = true;
            for (std::thread& client : clients)
                client.join();
        }
        lives.append(sink.connections());
        STORY_VERIFY(gateway.start(), gateway.log());
        STORY_VERIFY(sendsWhatItHas(gateway), "still there: " + gateway.ctl({u"queue"_s, u"list"_s}).out.left(2000));
        QCOMPARE(gateway.stop(), 0);

        QHash<QByteArray, int> arrived;
        QSet<std::pair<QByteArray, qsizetype>> arrivedInLife;
        for (const SunkMail& mail : sink.mails()) {
            const QByteArray id = idOf(mail.content);
            ++arrived[id];
            const auto life = std::upper_bound(lives.cbegin(), lives.cend(), mail.connection) - lives.cbegin();
            const auto before = arrivedInLife.size();
            arrivedInLife.insert({id, life});
            STORY_VERIFY(arrivedInLife.size() > before, "twice without a kill in between: " + id);
            STORY_VERIFY(mail.content.endsWith("end of " + id + "\r\n"), "torn: " + id);
            if (acknowledged.contains(id))
                STORY_VERIFY(mail.content.endsWith(message(id, acknowledged[id])), "altered: " + id);
        }
        int lost = 0, twice = 0;
        for (auto at = acknowledged.cbegin(); at != acknowledged.cend(); ++at)
            lost += arrived.contains(at.key()) ? 0 : 1;
        for (const int n : arrived)
            twice += n - 1;
        qInfo("%d rounds: %lld acknowledged, %d lost, %d twice (%.2f a kill)", rounds, qint64(acknowledged.size()), lost,
              twice, double(twice) / rounds);
        QVERIFY(acknowledged.size() > rounds);
        QCOMPARE(lost, 0);
        QVERIFY(twice <= rounds * 10); // ten connections, each with one delivery under way
    }
};

QTEST_GUILESS_MAIN(StoryKill)
#include "tst_story_kill.moc"
