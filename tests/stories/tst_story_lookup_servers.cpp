// SPDX-License-Identifier: GPL-3.0-or-later
//
// Tables that servers of this computer answer: a real redis, and a socketmap server; stopped and started in between.
#include "stories/support/gateway_process.h"
#include "stories/support/smtp_sender.h"
#include "support/lookup_cases.h"
#include "support/places.h"

#include <QFile>
#include <QStandardPaths>

using namespace Qt::StringLiterals;
using namespace postern;
using namespace postern::test;
using tables::Service;

namespace {

// A redis of our own on a socket in a folder; nothing is kept on the disk.
class RedisServer {
  public:
    explicit RedisServer(const GatewayProcess& place) : m_socket(place.path(u"redis.sock"_s)), m_folder(place.folder()) {
        // Debian has the server in a package of tools, under the name of one of them.
        QString program = QStandardPaths::findExecutable(u"redis-server"_s);
        if (program.isEmpty())
            QFile::link(QStandardPaths::findExecutable(u"redis-check-rdb"_s), program = place.path(u"redis-server"_s));
        m_program = program;
    }
    ~RedisServer() { stop(); }

    bool start() {
        m_process.setWorkingDirectory(m_folder);
        m_process.setProcessChannelMode(QProcess::MergedChannels);
        m_process.start(m_program, {u"--port"_s, u"0"_s, u"--unixsocket"_s, m_socket, u"--save"_s, u""_s, u"--appendonly"_s, u"no"_s});
        return m_process.waitForStarted() &&
               QTest::qWaitFor([this] { return run(u"redis-cli"_s, {u"-s"_s, m_socket, u"PING"_s}).out == "PONG\n"; }, 20'000);
    }
    void stop() {
        if (m_process.state() == QProcess::NotRunning)
            return;
        m_process.kill();
        m_process.waitForFinished();
        QFile::remove(m_socket);
    }
    bool put(const QByteArrayList& words) const {
        QStringList arguments{u"-s"_s, m_socket};
        for (const QByteArray& word : words)
            arguments.append(QString::fromUtf8(word));
        return run(u"redis-cli"_s, arguments).exit == 0;
    }
    QString socket() const { return m_socket; }
    QByteArray output() { return m_process.readAll(); }

  private:
    const QString m_socket, m_folder;
    QString m_program;
    QProcess m_process;
};

// What `table lookup` says, as LookupCase::answer spells it.
QByteArray answerOf(const GatewayProcess& files, const LookupCase& one) {
    const Ran ran = posternctl({u"table"_s, u"lookup"_s, u"-f"_s, files.path(u"smtpd.conf"_s), u"t"_s,
                                QString::fromLatin1(toString(one.service).toByteArray()), QString::fromUtf8(one.key), u"--json"_s});
    const QJsonObject said = ran.json().toObject();
    if (!said["found"_L1].toBool())
        return ran.exit == 1 && !said["failed"_L1].toBool() ? QByteArray("no") : "failed: " + ran.err + ran.out;
    return tables::isMatchService(one.service) ? QByteArray("yes") : "found " + said["value"_L1].toString().toUtf8();
}

bool takes(quint16 port, const QByteArray& to) {
    SmtpSender sender(port);
    return sender.command("EHLO a.example").startsWith("250") && sender.command("MAIL FROM:<a@b.example>").startsWith("250") &&
           sender.command("RCPT TO:<" + to + '>').startsWith("250");
}

QByteArray replyTo(quint16 port, const QByteArray& to) {
    SmtpSender sender(port);
    sender.command("EHLO a.example");
    sender.command("MAIL FROM:<a@b.example>");
    return sender.command("RCPT TO:<" + to + '>');
}

} // namespace

class StoryLookupServers : public QObject {
    Q_OBJECT

    std::unique_ptr<GatewayProcess> m_files;
    std::unique_ptr<RedisServer> m_redis;

  private Q_SLOTS:
    void initTestCase() {
        m_files = std::make_unique<GatewayProcess>("table t redis:redis.conf\n");
        m_redis = std::make_unique<RedisServer>(*m_files);
        STORY_VERIFY(m_redis->start(), m_redis->output());
        m_files->write(u"redis.conf"_s, "master unix:" + m_redis->socket().toUtf8() + "\n"
                                        "query_netaddr SISMEMBER netaddrs %s\nquery_userinfo LRANGE userinfo:%s 0 -1\n");
        for (const LookupEntry& entry : lookupEntries()) {
            const QByteArray key = toString(entry.service).toByteArray() + ':' + entry.key;
            if (entry.service == Service::Netaddr)
                QVERIFY(m_redis->put({"SADD", "netaddrs", entry.key}));
            else if (entry.service == Service::Userinfo)
                QVERIFY(m_redis->put(QByteArrayList{"RPUSH", key} + entry.values));
            else
                QVERIFY(m_redis->put({"SET", key, entry.values.join(entry.service == Service::Credentials ? ":" : ", ")}));
        }
    }
    void cleanupTestCase() {
        m_redis.reset();
        m_files.reset();
    }

    void redisAnswers_data() {
        lookupCaseRows({Service::Alias, Service::Domain, Service::Netaddr, Service::Userinfo, Service::Mailaddr, Service::Addrname});
    }
    void redisAnswers() {
        QFETCH(LookupCase, lookup);
        QCOMPARE(answerOf(*m_files, lookup), lookup.answer);
    }

    // B05: dead, then back, while the gateway runs; a new key is seen without a word to it.
    void B05_redisGoesAndComesBack() {
        GatewayProcess gateway("table ours redis:redis.conf\nlisten on 127.0.0.1 port 0\naction \"c\" catch\n"
                               "match from any for domain <ours> action \"c\"\n");
        RedisServer redis(gateway);
        STORY_VERIFY(redis.start(), redis.output());
        gateway.write(u"redis.conf"_s, "master unix:" + redis.socket().toUtf8() + '\n');
        QVERIFY(redis.put({"SET", "domain:one.example", "1"}));
        STORY_VERIFY(gateway.start(), gateway.log());
        STORY_VERIFY(takes(gateway.port(), "x@one.example"), gateway.log());
        QVERIFY(replyTo(gateway.port(), "x@two.example").startsWith("550"));
        QVERIFY(redis.put({"SET", "domain:two.example", "1"}));
        STORY_TRY(takes(gateway.port(), "x@two.example"), gateway.log(), 20'000);

        redis.stop();
        STORY_TRY(replyTo(gateway.port(), "x@three.example").startsWith("451"), gateway.log(), 20'000);
        STORY_TRY(gateway.ctl({u"status"_s}).out.contains("redis at"), gateway.log(), 20'000);
        STORY_VERIFY(redis.start(), redis.output()); // it is empty now
        QVERIFY(redis.put({"SET", "domain:three.example", "1"}));
        STORY_TRY(takes(gateway.port(), "x@three.example"), gateway.log(), 60'000);
        STORY_TRY(!gateway.ctl({u"status"_s}).out.contains("redis at"), gateway.log(), 60'000);
    }

    void socketmapAnswers_data() {
        QTest::addColumn<QByteArray>("key");
        QTest::addColumn<int>("exit");
        QTest::addColumn<QByteArray>("says");
        QTest::newRow("a value") << "ann"_ba << 0 << "ann@far.example\n"_ba;
        QTest::newRow("blanks in a key") << "ann and bob"_ba << 0 << "both@far.example\n"_ba;
        QTest::newRow("nothing there") << "eve"_ba << 1 << ""_ba;
        QTest::newRow("trouble") << "temp"_ba << 1 << "database is away"_ba;
        QTest::newRow("refused") << "perm"_ba << 1 << "not allowed"_ba;
        QTest::newRow("B04 a line end in a key") << "ann\nt eve"_ba << 1 << ""_ba;
    }
    void socketmapAnswers() {
        QFETCH(QByteArray, key);
        QFETCH(int, exit);
        GatewayProcess files("");
        files.setConfig("table t socketmap:" + files.path(u"map.sock"_s).toUtf8() + '\n');
        files.write(u"entries"_s, "t ann=ann@far.example\nt ann and bob=both@far.example\n");
        QProcess server;
        server.start(QStringLiteral(POSTERN_SOURCE_DIR "/tests/peers/socketmap.py"), {files.path(u"map.sock"_s), files.path(u"entries"_s)});
        QVERIFY(server.waitForReadyRead(20'000));
        const Ran ran = posternctl({u"table"_s, u"lookup"_s, u"-f"_s, files.path(u"smtpd.conf"_s), u"t"_s, u"alias"_s, QString::fromUtf8(key)});
        QCOMPARE(ran.exit, exit);
        QFETCH(QByteArray, says);
        STORY_VERIFY(exit == 0 ? ran.out == says : ran.err.contains(says), ran.out + ran.err);
        server.kill();
        server.waitForFinished();
    }

    // A program of OpenSMTPD 7.6's protocol decides which domains are ours; it ends in between and is started anew.
    void B05_aTableProgramThatEndsIsStartedAnew() {
        GatewayProcess gateway("table ours folks:folks.conf\nlisten on 127.0.0.1 port 0\naction \"c\" catch\n"
                               "match from any for domain <ours> action \"c\"\n");
        gateway.write(u"folks.conf"_s, "domain|one.example|x\n");
        QVERIFY(QFile::link(QStringLiteral(POSTERN_SOURCE_DIR "/tests/peers/table_program.py"), gateway.path(u"table-folks"_s)));
        const QByteArray before = qgetenv("PATH");
        qputenv("PATH", gateway.folder().toLocal8Bit() + ':' + before);
        const bool started = gateway.start();
        qputenv("PATH", before);
        STORY_VERIFY(started, gateway.log());
        STORY_VERIFY(takes(gateway.port(), "x@one.example"), gateway.log());
        QVERIFY(replyTo(gateway.port(), "x@two.example").startsWith("550"));
        QVERIFY(replyTo(gateway.port(), "x@die").startsWith("451")); // each try ends one
        STORY_TRY(takes(gateway.port(), "x@one.example"), gateway.log(), 60'000);
        STORY_VERIFY(gateway.log().contains("was told to die"), gateway.log());
    }
};

QTEST_GUILESS_MAIN(StoryLookupServers)
#include "tst_story_lookup_servers.moc"
