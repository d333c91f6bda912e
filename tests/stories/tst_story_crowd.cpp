// SPDX-License-Identifier: GPL-3.0-or-later
//
// Many clients at the same moment: a burst of connects is served, handshakes that never go on hold up nobody, and the memory
// does not grow with what they send. Nothing waits for a time to pass; each step has a bound that only a hang exceeds.
#include "stories/support/gateway_process.h"
#include "stories/support/mail_sink.h"
#include "stories/support/smtp_sender.h"
#include "support/test_certs.h"

#include <QElapsedTimer>
#include <QFile>
#include <QSet>
#include <QSslSocket>
#include <QTest>

#include <atomic>
#include <cerrno>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace Qt::StringLiterals;
using namespace postern::test;

namespace {

constexpr int kBound = 60'000; // milliseconds; for a machine that is busy with other things

const QByteArray kCatch = "action \"box\" catch\nmatch from any for any action \"box\"\n";

// A crowd of plain sockets, none of which waits for another.
class Crowd {
  public:
    ~Crowd() { leave(); }

    bool connect(quint16 port, int number) {
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(port);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        for (int i = 0; i < number; ++i) {
            const int one = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
            if (one < 0)
                return false;
            m_clients.push_back({one, {}, false});
            if (::connect(one, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0 && errno != EINPROGRESS)
                return false;
        }
        return true;
    }

    // Until each has heard a whole line (or was hung up on); how many of the lines begin like that.
    int heard(const QByteArray& beginning) {
        QElapsedTimer timer;
        timer.start();
        std::vector<pollfd> waiting;
        do {
            waiting.clear();
            for (const Client& client : m_clients)
                if (!client.gone && !client.text.contains('\n'))
                    waiting.push_back({client.descriptor, POLLIN, 0});
            if (!waiting.empty())
                (void)::poll(waiting.data(), nfds_t(waiting.size()), 1000);
            for (Client& client : m_clients)
                client.read();
        } while (!waiting.empty() && timer.elapsed() < kBound);
        int number = 0;
        for (const Client& client : m_clients)
            number += client.text.startsWith(beginning) ? 1 : 0;
        return number;
    }

    void say(const QByteArray& bytes) {
        for (Client& client : m_clients) {
            client.text.clear();
            (void)::send(client.descriptor, bytes.constData(), size_t(bytes.size()), MSG_NOSIGNAL);
        }
    }

    // A long content to all of them at once, as fast as it is taken.
    bool sayAll(const QByteArray& bytes) {
        std::vector<qsizetype> at(m_clients.size(), 0);
        QElapsedTimer timer;
        timer.start();
        for (size_t open = m_clients.size(); open > 0 && timer.elapsed() < 4 * kBound;) {
            std::vector<pollfd> waiting;
            for (size_t i = 0; i < m_clients.size(); ++i)
                waiting.push_back({at[i] < bytes.size() ? m_clients[i].descriptor : -1, POLLOUT, 0});
            (void)::poll(waiting.data(), nfds_t(waiting.size()), 1000);
            open = 0;
            for (size_t i = 0; i < m_clients.size(); ++i) {
                if (waiting[i].revents & POLLOUT) {
                    const ssize_t sent = ::send(m_clients[i].descriptor, bytes.constData() + at[i],
                                                size_t(qMin<qsizetype>(bytes.size() - at[i], 1 << 18)), MSG_NOSIGNAL);
                    at[i] += qMax<ssize_t>(sent, 0);
                }
                open += at[i] < bytes.size() ? 1 : 0;
            }
            if (open == 0)
                return true;
        }
        return false;
    }

    void leave() {
        for (const Client& client : m_clients)
            ::close(client.descriptor);
        m_clients.clear();
    }

  private:
    struct Client {
        int descriptor;
        QByteArray text;
        bool gone;

        void read() {
            char buffer[512];
            for (ssize_t got = 1; got > 0;) {
                got = ::recv(descriptor, buffer, sizeof buffer, 0);
                if (got > 0)
                    text.append(buffer, got);
                gone = gone || got == 0 || (got < 0 && errno != EAGAIN);
            }
        }
    };
    std::vector<Client> m_clients;
};

qint64 peakKilobytes(qint64 pid) {
    QFile status(u"/proc/%1/status"_s.arg(pid));
    if (!status.open(QIODevice::ReadOnly))
        return -1;
    for (const QByteArray& line : status.readAll().split('\n'))
        if (line.startsWith("VmHWM:"))
            return line.mid(6).simplified().split(' ').first().toLongLong();
    return -1;
}

QByteArray pki(const CertificateFiles& files) {
    return "pki gw.example cert \"" + files.certFile + "\"\npki gw.example key \"" + files.keyFile + "\"\n";
}

} // namespace

class StoryCrowd : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void initTestCase() {
        rlimit limit{};
        QCOMPARE(::getrlimit(RLIMIT_NOFILE, &limit), 0);
        limit.rlim_cur = limit.rlim_max;
        QCOMPARE(::setrlimit(RLIMIT_NOFILE, &limit), 0);
        if (limit.rlim_cur < 3000)
            QSKIP("a crowd needs more descriptors (ulimit -n)");
    }

    void aBurstOfAThousandConnectsIsServed() {
        GatewayProcess gateway("listen on 127.0.0.1 port 0\n" + kCatch);
        STORY_VERIFY(gateway.start(), gateway.log());
        Crowd crowd;
        QVERIFY(crowd.connect(gateway.port(), 1000)); // all before anybody reads
        QCOMPARE(crowd.heard("220 "), 1000);
        crowd.say("EHLO crowd.example\r\n");
        QCOMPARE(crowd.heard("250-"), 1000);
        SmtpSender oneMore(gateway.port());
        QVERIFY(oneMore.command("EHLO late.example").startsWith("250"));
        QVERIFY(oneMore.send("a@b.example", {"c@d.example"}, "Subject: x\r\n\r\nx\r\n").startsWith("250"));
        QCOMPARE(gateway.ctl({u"status"_s}).exit, 0);
        crowd.leave();
        QCOMPARE(gateway.stop(), 0);
    }

    // 250 that never say a word of TLS, and 250 that stop in the middle of their first record.
    void T17_handshakesThatNeverGoOnHoldUpNobody() {
        TestCerts certs;
        GatewayProcess gateway(pki(certs.server("gw.example")) +
                               "listen on 127.0.0.1 port 0 tls pki gw.example\n"
                               "listen on 127.0.0.1 port 0 smtps pki gw.example\n" + kCatch);
        STORY_VERIFY(gateway.start(), gateway.log());
        Crowd silent, halfway;
        QVERIFY(silent.connect(gateway.port(1), 250));
        QVERIFY(halfway.connect(gateway.port(0), 250));
        QCOMPARE(halfway.heard("220 "), 250);
        halfway.say("EHLO crowd.example\r\n");
        QCOMPARE(halfway.heard("250-"), 250);
        halfway.say("STARTTLS\r\n");
        QCOMPARE(halfway.heard("220 "), 250);
        halfway.say(QByteArray::fromHex("160301020001")); // a ClientHello is to come

        SmtpSender plain(gateway.port(0));
        QVERIFY(plain.command("EHLO honest.example").startsWith("250"));
        QVERIFY(plain.send("a@b.example", {"c@d.example"}, "Subject: x\r\n\r\nx\r\n").startsWith("250"));
        for (int i = 0; i < 5; ++i) {
            QSslSocket encrypted;
            encrypted.setPeerVerifyMode(QSslSocket::VerifyNone);
            encrypted.connectToHostEncrypted(u"127.0.0.1"_s, gateway.port(1));
            QVERIFY(encrypted.waitForEncrypted(kBound));
            QVERIFY(encrypted.bytesAvailable() > 0 || encrypted.waitForReadyRead(kBound));
            QVERIFY(encrypted.readLine().startsWith("220 "));
        }
        silent.leave();
        halfway.leave();
        QCOMPARE(gateway.stop(), 0);
    }

    // A hundred reloads, alternately of two configurations, while fifty sessions send: each message arrives, once, and no
    // session is broken off.
    void C05_reloadsUnderLoadLoseNothing() {
        MailSink sink;
        const QByteArray config = "listen on 127.0.0.1 port 0\naction \"out\" relay host smtp://127.0.0.1:" +
                                  QByteArray::number(sink.port()) + "\nmatch from any for any action \"out\"\n";
        GatewayProcess gateway(config);
        STORY_VERIFY(gateway.start(), gateway.log());
        std::atomic<bool> over = false;
        std::atomic<int> acknowledged = 0, broken = 0;
        std::vector<std::thread> clients;
        for (int i = 0; i < 50; ++i)
            clients.emplace_back([&, i] {
                SmtpSender sender(gateway.port());
                if (!sender.command("EHLO load.example").startsWith("250"))
                    ++broken;
                for (int n = 0; n < 90 && !over; ++n) { // of the hundred that a session may send
                    const QByteArray id = QByteArray::number(i) + '.' + QByteArray::number(n);
                    const QByteArray reply = sender.send("a@b.example", {id + "@d.example"}, "Subject: x\r\n\r\nx\r\n");
                    if (reply.startsWith("250"))
                        ++acknowledged;
                    else
                        ++broken;
                }
            });
        for (int i = 0; i < 100; ++i) {
            gateway.setConfig(i % 2 ? config : "smtp limit max-rcpt 7\n" + config);
            const Ran reload = gateway.ctl({u"reload"_s});
            if (reload.exit != 0)
                qWarning("%s", reload.err.constData());
            broken += reload.exit != 0 ? 1 : 0;
        }
        over = true;
        for (std::thread& client : clients)
            client.join();
        QCOMPARE(broken.load(), 0);
        QVERIFY(acknowledged > 100);
        STORY_VERIFY(sink.waitFor(acknowledged, 60), gateway.log().right(2000));
        QVERIFY(gateway.waitQueue(0));
        QSet<QByteArray> different;
        for (const SunkMail& mail : sink.mails())
            different.insert(mail.rcpts.join());
        QCOMPARE(sink.mails().size(), qsizetype(acknowledged));
        QCOMPARE(different.size(), qsizetype(acknowledged));
        QCOMPARE(gateway.stop(), 0);
    }

    // 600 MiB on their way at the same time: more than it may hold of them.
    void R08_contentsOfAHundredClientsAreNotHeldInMemory() {
        GatewayProcess gateway("listen on 127.0.0.1 port 0\n" + kCatch);
        STORY_VERIFY(gateway.start(), gateway.log());
        Crowd crowd;
        QVERIFY(crowd.connect(gateway.port(), 100));
        QCOMPARE(crowd.heard("220 "), 100);
        for (const auto& [command, reply] : {std::pair("EHLO crowd.example\r\n"_ba, "250-"_ba),
                                             {"MAIL FROM:<a@b.example>\r\n", "250 "},
                                             {"RCPT TO:<c@d.example>\r\n", "250 "},
                                             {"DATA\r\n", "354 "},
                                             {"Subject: x\r\n\r\n", {}}}) {
            crowd.say(command);
            if (!reply.isEmpty())
                QCOMPARE(crowd.heard(reply), 100);
        }
        const QByteArray content = (QByteArray(78, 'x') + "\r\n").repeated(6 << 20 >> 6).left(6 << 20);
        QVERIFY(crowd.sayAll(content + "\r\n"));
        crowd.say(".\r\n");
        QCOMPARE(crowd.heard("250 "), 100);
        const qint64 peak = peakKilobytes(gateway.pid());
        QVERIFY2(peak > 0 && peak < 256 * 1024, QByteArray::number(peak).constData());
        QCOMPARE(gateway.stop(), 0);
    }
};

QTEST_GUILESS_MAIN(StoryCrowd)
#include "tst_story_crowd.moc"
