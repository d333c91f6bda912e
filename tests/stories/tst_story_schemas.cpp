// SPDX-License-Identifier: GPL-3.0-or-later
//
// S06: one relay URL per schema and era, each with and without sign-in, against a real Postfix: what is encrypted, what is
// signed in, and what is refused rather than sent in clear. Postfix's own log says what it saw.
#include "stories/support/gateway_process.h"
#include "stories/support/mail_sink.h"
#include "stories/support/postfix_peer.h"
#include "stories/support/smtp_sender.h"
#include "support/test_certs.h"

#include <QTest>

using namespace Qt::StringLiterals;
using namespace postern::test;

class StorySchemas : public QObject {
    Q_OBJECT

    TestCerts m_certs;
    PostfixPeer m_open;   // STARTTLS offered, no sign-in asked
    PostfixPeer m_closed; // STARTTLS and sign-in demanded
    PostfixPeer m_wrapped;       // TLS from the first byte
    PostfixPeer m_wrappedClosed; // the same, and sign-in demanded
    MailSink m_plain;     // no TLS at all

    PostfixPeer& postfix(const QString& name) {
        return name == "closed"_L1          ? m_closed
               : name == "wrapped"_L1       ? m_wrapped
               : name == "wrapped+auth"_L1  ? m_wrappedClosed
                                            : m_open;
    }

    // A rule in the words of a dialect.
    QByteArray config(const QByteArray& dialect, QByteArray url, quint16 port) const {
        url.replace("PORT", QByteArray::number(port));
        const bool auth = url.contains("office@") || url.contains("auth://");
        if (dialect == "modern")
            return "ca test cert \"" + m_certs.caFile() + "\"\ntable secrets { office = \"carol:s3cret\" }\n"
                   "listen on 127.0.0.1 port 0\naction \"out\" relay host \"" + url + "\"" +
                   (auth ? " auth <secrets>" : "") + " ca test\nmatch from any for any action \"out\"\n";
        if (dialect == "legacy")
            return "table secrets { office = \"carol:s3cret\" }\nlisten on 127.0.0.1 port 0\n"
                   "accept from any for any relay via \"" + url + "\"" + (auth ? " auth <secrets>" : "") + "\n";
        return "map \"secrets\" source file \"secrets\"\nlisten on 127.0.0.1 port 0\n"
               "accept from all for all relay via \"" + url + "\"" + (auth ? " auth \"secrets\"" : "") + "\n";
    }

  private Q_SLOTS:
    void initTestCase() {
        const CertificateFiles cert = m_certs.server("localhost");
        const QStringList tls{u"--tls"_s, QString::fromLatin1(cert.certFile), QString::fromLatin1(cert.keyFile)};
        STORY_VERIFY(m_open.start(tls), m_open.log());
        const QStringList auth{u"--auth"_s, u"carol"_s, u"s3cret"_s};
        STORY_VERIFY(m_closed.start(tls + auth), m_closed.log());
        STORY_VERIFY(m_wrapped.start(tls + QStringList{u"--wrapped"_s}), m_wrapped.log());
        STORY_VERIFY(m_wrappedClosed.start(tls + QStringList{u"--wrapped"_s} + auth), m_wrappedClosed.log());
    }

    void eachSchemaMeansWhatItsEraSays_data() {
        QTest::addColumn<QByteArray>("dialect");
        QTest::addColumn<QByteArray>("url");
        QTest::addColumn<QString>("peer");     // open, closed, wrapped, wrapped+auth, plain
        QTest::addColumn<QString>("expected"); // clear, tls, tls+auth, waits
        const auto row = [](const char* dialect, const char* url, const QString& peer, const QString& expected) {
            QTest::addRow("S06 %s %s at a %s server: %s", dialect, url, qPrintable(peer), qPrintable(expected))
                << QByteArray(dialect) << QByteArray(url) << peer << expected;
        };
        row("modern", "smtp://localhost:PORT", u"open"_s, u"tls"_s);
        row("modern", "smtp://localhost:PORT", u"plain"_s, u"clear"_s);
        row("modern", "smtp+notls://localhost:PORT", u"open"_s, u"clear"_s);
        row("modern", "smtp+tls://localhost:PORT", u"open"_s, u"tls"_s);
        row("modern", "smtp+tls://localhost:PORT", u"plain"_s, u"waits"_s);
        row("modern", "smtp+tls://office@localhost:PORT", u"closed"_s, u"tls+auth"_s);
        row("modern", "localhost:PORT", u"open"_s, u"tls"_s);
        row("modern", "smtps://localhost:PORT", u"wrapped"_s, u"tls"_s);
        row("modern", "smtps://office@localhost:PORT", u"wrapped+auth"_s, u"tls+auth"_s);
        row("legacy", "smtp://localhost:PORT", u"open"_s, u"clear"_s);
        row("legacy", "localhost:PORT", u"open"_s, u"tls"_s);
        row("legacy", "smtps://localhost:PORT", u"wrapped"_s, u"tls"_s);
        row("legacy", "smtps+auth://office@localhost:PORT", u"wrapped+auth"_s, u"tls+auth"_s);
        row("legacy", "secure://localhost:PORT", u"open"_s, u"tls"_s);
        row("legacy", "secure://localhost:PORT", u"plain"_s, u"waits"_s);
        row("legacy", "secure+auth://office@localhost:PORT", u"closed"_s, u"tls+auth"_s);
        row("legacy", "secure+auth://office@localhost:PORT", u"wrapped+auth"_s, u"tls+auth"_s);
        row("legacy", "ssl+auth://office@localhost:PORT", u"closed"_s, u"tls+auth"_s);
        row("legacy", "smtp+tls://localhost:PORT", u"open"_s, u"tls"_s);
        row("legacy", "smtp+tls://localhost:PORT", u"plain"_s, u"clear"_s);
        row("legacy", "tls://localhost:PORT", u"open"_s, u"tls"_s);
        row("legacy", "tls://localhost:PORT", u"plain"_s, u"waits"_s);
        row("legacy", "tls+auth://office@localhost:PORT", u"closed"_s, u"tls+auth"_s);
        row("2012", "smtp://localhost:PORT", u"open"_s, u"tls"_s);
        row("2012", "tls://localhost:PORT", u"open"_s, u"tls"_s);
        row("2012", "tls://localhost:PORT", u"plain"_s, u"waits"_s);
        row("2012", "tls+auth://localhost:PORT", u"closed"_s, u"tls+auth"_s);
        row("2012", "smtp://localhost:PORT", u"plain"_s, u"clear"_s);
        row("2012", "localhost:PORT", u"open"_s, u"tls"_s);
        row("2012", "smtps://localhost:PORT", u"wrapped"_s, u"tls"_s);
        row("2012", "smtps+auth://localhost:PORT", u"wrapped+auth"_s, u"tls+auth"_s);
        row("2012", "ssl://localhost:PORT", u"wrapped"_s, u"tls"_s);
        row("2012", "ssl+auth://localhost:PORT", u"closed"_s, u"tls+auth"_s);
    }

    void eachSchemaMeansWhatItsEraSays() {
        QFETCH(QByteArray, dialect);
        QFETCH(QByteArray, url);
        QFETCH(QString, peer);
        QFETCH(QString, expected);
        const bool isPlain = peer == "plain"_L1;
        PostfixPeer& hop = postfix(peer);
        GatewayProcess gateway(config(dialect, url, isPlain ? m_plain.port() : hop.port()));
        gateway.write(u"secrets"_s, "localhost carol:s3cret\n"); // 2012: keyed by host, there were no labels yet
        STORY_VERIFY(gateway.start(), gateway.log());
        const int before = int(isPlain ? m_plain.mails().size() : hop.mails().size());
        const qsizetype logged = hop.log().size();
        SmtpSender sender(gateway.port());
        QVERIFY(sender.command("EHLO scanner.example").startsWith("250"));
        QVERIFY(sender.send("a@office.example", {"c@far.example"}, "Subject: x\r\n\r\nhello\r\n").startsWith("250"));

        if (expected == "waits"_L1) {
            STORY_TRY(!gateway.queue().at(0).toObject()["lastError"_L1].toString().isEmpty(),
                                      gateway.log(), 30'000);
            STORY_VERIFY(gateway.queue().at(0).toObject()["lastError"_L1].toString().contains(u"TLS"_s),
                     qPrintable(gateway.queue().at(0).toObject()["lastError"_L1].toString()));
            QCOMPARE(int(m_plain.mails().size()), before);
            return;
        }
        STORY_VERIFY(gateway.waitQueue(0, {}, 30), gateway.log() + hop.log().mid(logged));
        if (isPlain) {
            QCOMPARE(int(m_plain.mails().size()), before + 1);
            return;
        }
        QVERIFY(hop.waitFor(before + 1));
        const QByteArray mail = hop.mails().last();
        QCOMPARE(mail.contains("with ESMTPS"), expected != "clear"_L1);
        QCOMPARE(mail.contains("with ESMTPSA"), expected == "tls+auth"_L1);
    }
};

QTEST_GUILESS_MAIN(StorySchemas)
#include "tst_story_schemas.moc"
