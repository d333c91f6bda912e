// SPDX-License-Identifier: GPL-3.0-or-later
//
// R10, D10, D12, T09: next hops that misbehave at every step, all at once, beside one that is well. The well one's mail
// arrives meanwhile; no message to the others is lost, returned or believed to be delivered; the gateway stays small.
#include "stories/support/gateway_process.h"
#include "stories/support/mail_sink.h"
#include "stories/support/smtp_sender.h"
#include "support/places.h"

#include <QTest>

using namespace Qt::StringLiterals;
using namespace postern::test;

class StoryHostile : public QObject {
    Q_OBJECT

    QProcess m_servers;
    std::vector<std::pair<QByteArray, QByteArray>> m_ports; // "close MAIL", "40123"

    static QByteArray domainOf(QByteArray mode) {
        mode.replace(' ', '-');
        mode.replace('.', "dot");
        return mode.toLower() + ".hostile.example";
    }
    static qint64 residentKiB(qint64 pid) {
        QFile file(u"/proc/%1/status"_s.arg(pid));
        if (!file.open(QIODevice::ReadOnly))
            return -1;
        const QByteArray text = file.readAll();
        const qsizetype at = text.indexOf("VmRSS:");
        return text.mid(at + 6, text.indexOf("kB", at) - at - 6).trimmed().toLongLong();
    }

  private Q_SLOTS:
    void initTestCase() {
        m_servers.start(u"python3"_s, {QStringLiteral(POSTERN_SOURCE_DIR "/tests/peers/hostile.py")});
        QByteArray out;
        while (!out.contains("ready\n") && m_servers.waitForReadyRead(20'000))
            out += m_servers.readAllStandardOutput();
        for (const QByteArray& line : out.split('\n')) {
            const QByteArrayList words = line.split(' ');
            if (words.size() == 3)
                m_ports.emplace_back(words[0] + ' ' + words[1], words[2]);
        }
        QVERIFY(m_ports.size() > 50);
    }
    void cleanupTestCase() {
        m_servers.closeWriteChannel();
        if (!m_servers.waitForFinished(5'000))
            m_servers.kill();
        m_servers.waitForFinished(5'000);
    }

    void R10_everyWayOfMisbehavingCostsItsOwnMailOnly() {
        MailSink well;
        QByteArray config = "table relays file:relays\nlisten on 127.0.0.1 port 0\naction \"out\" relay domain <relays>\n"
                            "match from any for any action \"out\"\n";
        GatewayProcess gateway(config);
        QByteArray relays = "well.example smtp+notls://127.0.0.1:" + QByteArray::number(well.port()) + "\n";
        for (const auto& [mode, port] : m_ports)
            relays += domainOf(mode) + " smtp" + (mode.endsWith("STARTTLS") ? "" : "+notls") + "://127.0.0.1:" + port + "\n";
        gateway.write(u"relays"_s, relays);
        STORY_VERIFY(gateway.start(), gateway.log());
        SmtpSender sender(gateway.port());
        QVERIFY(sender.command("EHLO scanner.example").startsWith("250"));
        for (const auto& [mode, port] : m_ports)
            QVERIFY(sender.send("scan@office.example", {"c@" + domainOf(mode)}, "Subject: x\r\n\r\nhello\r\n").startsWith("250"));
        for (int i = 0; i < 20; ++i)
            QVERIFY(sender.send("scan@office.example", {"c@well.example"}, "Subject: x\r\n\r\nhello\r\n").startsWith("250"));
        STORY_VERIFY(well.waitFor(20), gateway.log().right(4000));

        // Each of the others has failed for now, or is being waited for.
        const auto undecided = [&](const QJsonArray& rows) {
            QByteArray out;
            for (const auto& row : rows) {
                const QJsonObject o = row.toObject();
                const QByteArray to = o["recipient"_L1].toString().toLatin1();
                const bool waits = to.contains("hang-") || to.contains("drip-");
                if (!waits && o["lastError"_L1].toString().isEmpty())
                    out += to + ' ';
            }
            return out;
        };
        // "early ." says 552 for good: returned, and its notice goes to office.example, which has no relay: it waits, too.
        QJsonArray rows;
        STORY_TRY((rows = gateway.queue(), undecided(rows).isEmpty() && rows.size() == qsizetype(m_ports.size())),
                  "undecided: " + undecided(rows) + "; rows " + QByteArray::number(rows.size()) + " of " +
                      QByteArray::number(m_ports.size()),
                  60'000);
        for (const auto& row : rows) {
            const QByteArray error = row.toObject()["lastError"_L1].toString().toUtf8();
            STORY_VERIFY(std::none_of(error.begin(), error.end(), [](char c) { return c >= 0 && c < ' '; }), error);
            QVERIFY(error.size() < 3000);
        }
        QVERIFY(gateway.isRunning());
        const qint64 resident = residentKiB(gateway.pid());
        QVERIFY2(resident > 0 && resident < 300 * 1024, QByteArray::number(resident).constData());
        QVERIFY(sender.send("scan@office.example", {"c@well.example"}, "Subject: y\r\n\r\nhello\r\n").startsWith("250"));
        QVERIFY(well.waitFor(21));
        QCOMPARE(gateway.stop(), 0); // also with some that hang
    }
};

QTEST_GUILESS_MAIN(StoryHostile)
#include "tst_story_hostile.moc"
