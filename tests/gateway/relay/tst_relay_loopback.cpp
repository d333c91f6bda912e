// SPDX-License-Identifier: GPL-3.0-or-later
//
// The relay over true sockets and true TLS: every TLS meaning, certificates that do not fit, sign-in, and much mail.
#include "base/log.h"
#include "relay/relay_worker.h"
#include "support/engine_main.h"
#include "support/fake_resolver.h"
#include "support/fake_table.h"
#include "support/loopback_hop.h"
#include "support/memory_file_store.h"
#include "support/test_certs.h"

#include <QRegularExpression>
#include <QTest>
#include <QTimer>

using namespace postern;
using namespace postern::relay;
using namespace postern::test;

namespace {

// Runs one worker towards "hop.example" = 127.0.0.1.
struct Relay {
    explicit Relay(RelayLimits limits = {}) {
        auto fake = std::make_unique<FakeResolver>();
        fake->setAddresses("hop.example", {"127.0.0.1"});
        resolver = fake.get();
        worker = std::make_unique<RelayWorker>(clock, files, std::move(fake), limits,
                                               [this](RelayReport report) { reports.push_back(std::move(report)); });
        QObject::connect(&answers, &QTimer::timeout, &answers, [this] { resolver->deliver(); });
        answers.start(0);
    }
    SystemClock clock;
    MemoryFileStore files;
    FakeResolver* resolver = nullptr;
    QTimer answers;
    std::vector<RelayReport> reports;
    std::unique_ptr<RelayWorker> worker;
    policy::RelaySpec spec;
    quint32 lastId = 0;

    void useUrl(const QByteArray& url, policy::Era era = policy::Era::Modern) {
        spec.era = era;
        const auto parsed = policy::RelayUrl::parse(url, era);
        spec.urls.clear();
        if (parsed)
            spec.urls = {*parsed};
    }
    RelayJob job(const QByteArray& content) {
        auto message = std::make_shared<queue::Message>();
        message->id = ++lastId;
        message->sender = "me@a.example";
        message->size = content.size();
        message->hasEightBit = true;
        RelayJob out;
        out.delivery.route = "route";
        out.delivery.message = message;
        queue::Envelope envelope;
        envelope.id = (queue::EnvelopeId(message->id) << 32) | 1;
        envelope.destination = "you@b.example";
        out.delivery.envelopes = {envelope};
        out.body = std::make_shared<queue::Body>(queue::Body{content, {}, content.size()});
        out.spec = std::make_shared<policy::RelaySpec>(spec);
        out.serverName = "me.example";
        return out;
    }
    void submit(int count, const QByteArray& content) {
        std::vector<RelayJob> jobs;
        for (int i = 0; i < count; ++i)
            jobs.push_back(job(content));
        worker->submit(std::move(jobs));
    }
};

const QByteArray kContent = "Subject: t\r\n\r\n.Gr\xc3\xbc\xc3\x9f Gott\r\n..\r\n";

} // namespace

class TestRelayLoopback : public QObject {
    Q_OBJECT

  private:
    TestCerts m_certs;

    tls::IdentityPtr identity(const QByteArray& sort) {
        const CertificateFiles files = sort == "expired"      ? m_certs.expired("hop.example")
                                       : sort == "self"       ? m_certs.selfSigned("hop.example")
                                       : sort == "other name" ? m_certs.issue({.dnsNames = {"other.example"}})
                                                              : m_certs.server("hop.example");
        auto loaded = tls::loadIdentity(files.certFile, files.keyFile);
        return loaded ? loaded->identity : nullptr;
    }

  private Q_SLOTS:
    void initTestCase() { setLogToStandardError(false); }
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral(".*"))); }

    void certificates_data() {
        QTest::addColumn<QByteArray>("schema");
        QTest::addColumn<QByteArray>("sort");
        QTest::addColumn<QByteArray>("word");    // "" or no-verify
        QTest::addColumn<QByteArray>("trouble"); // "" = delivered
        for (const char* schema : {"smtp+tls", "smtps"}) {
            const auto row = [schema](const char* name, const char* sort, const char* word, const char* trouble) {
                QTest::addRow("%s: %s", schema, name) << QByteArray(schema) << QByteArray(sort) << QByteArray(word)
                                                      << QByteArray(trouble);
            };
            row("T11 expired", "expired", "", "certificate expired on ");
            row("T11 self-signed", "self", "", "self-signed");
            row("D13 a valid certificate of another host", "other name", "", "not for hop.example");
            row("no-verify takes another host's", "other name", "no-verify", "");
            row("a good one", "good", "", "");
        }
        QTest::addRow("smtp: opportunistic does not look") << QByteArray("smtp") << QByteArray("self") << QByteArray() << QByteArray();
    }
    void certificates() {
        QFETCH(QByteArray, schema);
        QFETCH(QByteArray, sort);
        QFETCH(QByteArray, word);
        QFETCH(QByteArray, trouble);
        LoopbackHop hop({.identity = identity(sort), .wrapped = schema == "smtps"});
        Relay relay;
        relay.spec.caFile = m_certs.caFile();
        if (word == "no-verify")
            relay.spec.verify = false;
        relay.useUrl(schema + "://hop.example:" + QByteArray::number(hop.port()));
        relay.submit(1, kContent);
        QTRY_COMPARE(relay.reports.size(), size_t(1));
        const RelayReport& report = relay.reports[0];
        const QByteArray where = "hop.example [127.0.0.1]:" + QByteArray::number(hop.port());
        if (trouble.isEmpty()) {
            QCOMPARE(report.outcomes[0].text.left(where.size()), where);
            QCOMPARE(report.outcomes[0].result, queue::TryResult::Delivered);
            QCOMPARE(report.tls, QByteArray("TLSv1.3"));
            QCOMPARE(hop.mails.size(), size_t(1));
            QCOMPARE(hop.mails[0].content, kContent);
            QVERIFY(hop.mails[0].tls);
            QVERIFY(hop.mails[0].envelope.params.body == smtp::BodyType::EightBitMime);
        } else {
            QCOMPARE(report.outcomes[0].result, queue::TryResult::Temporary);
            QVERIFY2(report.outcomes[0].text.startsWith("TLS with " + where + " failed: "), report.outcomes[0].text.constData());
            QVERIFY2(report.outcomes[0].text.contains(trouble), report.outcomes[0].text.constData());
            QVERIFY(hop.mails.empty());
            QCOMPARE(hop.logins, 0);
        }
    }

    void signsIn_data() {
        QTest::addColumn<QByteArray>("url");
        QTest::addColumn<bool>("wrapped");
        QTest::addColumn<QByteArray>("password");
        QTest::addRow("action/match smtp+tls, wrong password") << QByteArray("smtp+tls://office@") << false << QByteArray("wrong");
        QTest::addRow("action/match smtp+tls") << QByteArray("smtp+tls://office@") << false << QByteArray("s3cret");
        QTest::addRow("action/match smtps") << QByteArray("smtps://office@") << true << QByteArray("s3cret");
        QTest::addRow("accept/reject tls+auth") << QByteArray("tls+auth://office@") << false << QByteArray("s3cret");
        QTest::addRow("accept/reject smtps+auth") << QByteArray("smtps+auth://office@") << true << QByteArray("s3cret");
    }
    void signsIn() {
        QFETCH(QByteArray, url);
        QFETCH(bool, wrapped);
        QFETCH(QByteArray, password);
        LoopbackHop hop({identity("good"), wrapped, smtp::AuthMode::Required, "carol", "s3cret"});
        Relay relay;
        relay.spec.caFile = m_certs.caFile();
        relay.spec.credentials = std::make_shared<FakeTable>(
            "secrets", std::vector<std::pair<QByteArray, QByteArray>>{{"office", "carol:" + password}});
        relay.useUrl(url + "hop.example:" + QByteArray::number(hop.port()),
                     url.contains("auth") ? policy::Era::Legacy : policy::Era::Modern);
        relay.submit(1, kContent);
        QTRY_COMPARE(relay.reports.size(), size_t(1));
        QCOMPARE(hop.logins, 1);
        if (password == "wrong") {
            QCOMPARE(relay.reports[0].outcomes[0].result, queue::TryResult::Temporary);
            QVERIFY2(relay.reports[0].outcomes[0].text.contains("said: 535"), relay.reports[0].outcomes[0].text.constData());
        } else {
            QCOMPARE(relay.reports[0].outcomes[0].result, queue::TryResult::Delivered);
            QCOMPARE(hop.mails[0].user, QByteArray("carol"));
        }
    }

    void aPortWhereNobodyListensIsTemporary() {
        quint16 port = 0;
        {
            LoopbackHop hop({});
            port = hop.port();
        }
        Relay relay;
        relay.useUrl("smtp://hop.example:" + QByteArray::number(port));
        relay.submit(1, kContent);
        QTRY_COMPARE(relay.reports.size(), size_t(1));
        QVERIFY2(relay.reports[0].outcomes[0].text.startsWith("cannot reach hop.example [127.0.0.1]:"),
                 relay.reports[0].outcomes[0].text.constData());
    }

    void muchMailOverSeveralConnections_data() {
        QTest::addColumn<bool>("tls");
        QTest::addColumn<int>("count");
        QTest::addColumn<int>("size");
        QTest::addRow("small, in clear") << false << 2000 << 4096;
        QTest::addRow("small, in TLS") << true << 500 << 4096;
        QTest::addRow("large, in TLS") << true << 5 << 3'000'000;
    }
    void muchMailOverSeveralConnections() {
        QFETCH(bool, tls);
        QFETCH(int, count);
        QFETCH(int, size);
        LoopbackHop hop({.identity = tls ? identity("good") : nullptr});
        Relay relay;
        relay.spec.caFile = m_certs.caFile();
        relay.useUrl((tls ? "smtp+tls://hop.example:" : "smtp+notls://hop.example:") + QByteArray::number(hop.port()));
        const QByteArray content = "Subject: t\r\n\r\n" + QByteArray(".a line of text\r\n").repeated(size / 17);
        relay.submit(count, content);
        QTRY_COMPARE_WITH_TIMEOUT(relay.reports.size(), size_t(count), 60'000);
        QCOMPARE(hop.mails.size(), size_t(count));
        QVERIFY(std::all_of(hop.mails.begin(), hop.mails.end(), [&](const auto& mail) { return mail.content == content; }));
        QVERIFY(hop.connections > 1 || count < 10);
    }
};

POSTERN_ENGINE_TEST_MAIN(TestRelayLoopback)
#include "tst_relay_loopback.moc"
